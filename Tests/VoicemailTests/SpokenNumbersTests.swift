import Testing
import Voicemail

@Suite struct SpokenNumbersTests {
  @Test(
    arguments: [
      ("call five five five oh one nine eight", "call 555-0198"),
      ("two one two five five five zero one nine eight", "212-555-0198"),
      ("one two one two five five five zero one nine eight", "1-212-555-0198"),
      ("zero seven seven zero zero nine zero zero one two three four five", "0770090012345"),
      ("press one for sales", "press one for sales"),
      ("one or two of them", "one or two of them"),
      ("one two", "one two"),
      ("extension one two please", "extension 12 please"),
      ("oh oh oh no", "oh oh oh no"),
      ("oh one", "oh one"),
      ("twenty five people", "25 people"),
      ("room twelve", "room 12"),
      ("a hundred times", "a hundred times"),
      ("three hundred and ten", "310"), ("two hundred and you", "200 and you"),
      ("three hundred five", "305"),
      ("one thousand two hundred", "1200"),
      ("twelve thousand three", "12,003"),
      ("nine", "nine"),
      ("three thirty", "three thirty"),
      ("at three thirty p.m.", "at 3:30 p.m."),
      ("at three p.m.", "at 3 p.m."),
      ("at thirteen p.m.", "at 13 p.m."),
      ("twenty twenty six", "twenty twenty six"),
      ("nineteen ninety", "nineteen ninety"),
      ("five twenty", "five twenty"),
      ("eight hundred five five five", "eight hundred five five five"),
      ("hundred", "hundred"), ("thousand two", "thousand two"), ("", ""),
      ("zero two zero seven nine four six double oh one eight", "02079460018"),
      ("triple five oh one nine eight", "555-0198"), ("a double room", "a double room"),
      ("double one", "double one"), ("double twenty", "double 20"),
      ("twenty-five people", "25 people"), ("three hundred and twenty-one", "321"),
      ("twenty-oh", "twenty-oh"), ("five-five", "five-five"), ("-", "-"),
      ("the twenty first of june", "the twenty first of june"),
      ("the hundred and first", "the hundred and first"),
      ("two hundred and first", "two hundred and first"), ("room twelve first", "room 12 first"),
      ("twelve point five", "twelve point five"), ("at that point twelve", "at that point 12"),
      ("one nine two point one six eight", "one nine two point one six eight"),
      ("at twelve point taken", "at 12 point taken"),
      ("two million five hundred thousand", "two million five hundred thousand"),
      ("twelve million", "twelve million"), ("a billion and ten", "a billion and ten"),
      ("three oh five pm", "3:05 pm"), ("at three thirty p. m.", "at 3:30 p. m."),
      ("three p m", "3 p m"), ("three a day", "three a day"), ("eleven oh five a.m", "11:05 a.m"),
      ("five five five pm", "555 pm"),
    ])
  func `numbers are digits where there is one way to write them`(_ said: String, _ written: String)
  {
    let words = said.split(separator: " ").map {
      Word(text: String($0), start: 0, end: 1, confidence: 1)
    }
    #expect(SpokenNumbers.written(words).map(\.text).joined(separator: " ") == written)
  }
}
