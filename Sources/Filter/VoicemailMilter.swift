@main
enum VoicemailMilter {
  static func main() {
  }
}
