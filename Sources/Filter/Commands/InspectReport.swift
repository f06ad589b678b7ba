internal import Voicemail

/// What `inspect` knows of a message; as JSON its keys stay.
struct InspectReport: Encodable {
  struct CallerReport: Encodable {
    @OrNull var number: String?
    @OrNull var e164: String?
    @OrNull var name: String?
  }
  struct Audio: Encodable {
    @OrNull var filename: String?
    var contentType: String
    /// `message`, `introduction` or `spoken name`.
    var kind: String
    @OrNull var codec: String?
    @OrNull var sampleRateHz: Int?
    @OrNull var channels: Int?
    @OrNull var durationSeconds: Double?
    var bytes: Int
    /// Why the recording cannot be read.
    @OrNull var trouble: String?
  }
  struct Trial: Encodable {
    struct Condition: Encodable {
      var condition: String
      var holds: Bool
      /// What stands there; null when nothing does.
      @OrNull var found: String?
    }
    var rule: String
    var matches: Bool
    /// Whether all conditions must hold, or one.
    var needsAll: Bool
    var conditions: [Condition]

    init(_ trial: RuleTrial) {
      rule = trial.rule
      matches = trial.match != nil
      needsAll = trial.needsAll
      conditions = trial.steps.map {
        Condition(condition: $0.key, holds: $0.holds, found: $0.found)
      }
    }
  }
  /// For one recipient; for whoever it is when the command names none.
  struct PolicyReport: Encodable {
    @OrNull var recipient: String?
    var policy: String
    var mode: String
    var reason: String
    /// Why the message passes as it is with this policy.
    @OrNull var objection: String?

    init(_ choice: Policies.Choice, _ voicemail: VoicemailFacts) {
      recipient = choice.recipient.isEmpty ? nil : choice.recipient
      (policy, mode, reason) = (choice.policy.name, choice.policy.mode.rawValue, choice.reason)
      objection = ReceptionPlan.objection(choice.policy, voicemail)
    }
  }
  var file: String
  var verdict: String
  var reason: String
  @OrNull var rule: String?
  var caller = CallerReport(number: nil, e164: nil, name: nil)
  @OrNull var mailbox: String?
  /// In the PBX's own words.
  @OrNull var time: String?
  /// As the PBX says it.
  @OrNull var statedSeconds: Int?
  var urgent = false
  var `private` = false
  @OrNull var durationSeconds: Double?
  var audio: [Audio] = []
  /// All rules in the order they are asked; the first that matches decides.
  var rules: [Trial] = []
  /// By fact the line of the rule that gave it.
  var foundIn: [String: String] = [:]
  var policies: [PolicyReport] = []
}
