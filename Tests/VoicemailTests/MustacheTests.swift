import Testing
import Voicemail

/// The rules of the Mustache specification, version 1.4 (https://github.com/mustache/spec), for what is supported:
/// a case of our own for each of its cases, named by its rule. Its own cases were run once and all came out as they
/// must. Left out are those for numbers and null, which no value is, and what docs/message.md calls not supported.
@Suite struct `Mustache` {
  struct Case: Sendable, CustomTestStringConvertible {
    var rule: String
    var template: String
    var values: TemplateValue
    var expected: String
    var testDescription: String { rule }

    init(
      _ rule: String, _ template: String, _ values: [String: TemplateValue], _ expected: String
    ) {
      (self.rule, self.template, self.expected) = (rule, template, expected)
      self.values = .object(values)
    }
  }

  static let hostile = TemplateValue.text("a & b \"c\" <d>")
  static let hostileRaw = "(a & b \"c\" <d>)"
  static let hostileEscaped = "(a &amp; b &quot;c&quot; &lt;d&gt;)"
  static let yes = ["yes": TemplateValue.flag(true), "no": .flag(false)]
  static let rows = [
    "rows": TemplateValue.list(["a", "b", "c"].map { .object(["cell": .text($0)]) })
  ]
  static let tree: [String: TemplateValue] = [
    "outer": .object(["own": .text("1"), "inner": .object(["leaf": .text("x")])]),
    "inner": .object(["leaf": .text("wrong"), "other": .text("y")]),
    "own": .text("top"),
  ]

  static let interpolation = [
    Case("no interpolation", "braces {alone} stay }}\n", [:], "braces {alone} stay }}\n"),
    Case("basic", "to {{who}}!", ["who": .text("you")], "to you!"),
    Case("HTML escaping", "{{x}}", ["x": hostile], "a &amp; b &quot;c&quot; &lt;d&gt;"),
    Case("triple mustache", "{{{x}}}", ["x": hostile], "a & b \"c\" <d>"),
    Case("ampersand", "{{&x}}", ["x": hostile], "a & b \"c\" <d>"),
    Case("a value is no template", "{{x}}", ["x": .text("{{y}}"), "y": .text("z")], "{{y}}"),
    Case("context miss", "({{none}})", [:], "()"),
    Case("context miss, triple", "({{{none}}})", [:], "()"),
    Case("context miss, ampersand", "({{&none}})", [:], "()"),
    Case("dotted name", "{{outer.own}}{{#outer}}{{own}}{{/outer}}", tree, "11"),
    Case("dotted name, triple", "{{{outer.own}}}", tree, "1"),
    Case("dotted name, ampersand", "{{&outer.own}}", tree, "1"),
    Case("dotted name, deep", "{{outer.inner.leaf}}", tree, "x"),
    Case("broken chain", "({{outer.none.leaf}})", tree, "()"),
    Case("broken chain resolution", "({{outer.inner.other.own}})", tree, "()"),
    Case("initial resolution", "{{#outer}}{{inner.leaf}}{{/outer}}", tree, "x"),
    Case("context precedence", "{{#outer}}({{inner.other}}){{/outer}}", tree, "()"),
    Case("a dotted name is no key", "({{a.b}})", ["a.b": .text("c")], "()"),
    Case(
      "nor masked by one", "{{a.b}}", ["a.b": .text("c"), "a": .object(["b": .text("d")])], "d"),
    Case("leading dot", "{{#outer}}{{.own}}({{.none}}){{/outer}}", tree, "1()"),
    Case(
      "implicit iterator", "{{#x}}{{.}}{{/x}}", ["x": hostile], "a &amp; b &quot;c&quot; &lt;d&gt;"),
    Case("implicit iterator, triple", "{{#x}}{{{.}}}{{/x}}", ["x": hostile], "a & b \"c\" <d>"),
    Case(
      "implicit iterator, ampersand", "{{#x}}{{&.}}{{/x}}", ["x": hostile], "a & b \"c\" <d>"),
    Case(
      "surrounding white space", "| {{x}} | {{{x}}} | {{&x}} |", ["x": .text("-")], "| - | - | - |"),
    Case("standalone", "  {{x}}\n  {{{x}}}\n  {{&x}}\n", ["x": .text("-")], "  -\n  -\n  -\n"),
    Case("padding", "{{ x }}{{{ x }}}{{& x }}", ["x": .text("-")], "---"),
  ]

  static let sections = [
    Case("truthy", "({{#yes}}shown{{/yes}})", yes, "(shown)"),
    Case("falsey", "({{#no}}shown{{/no}})", yes, "()"),
    Case("context", "{{#outer}}{{own}}{{/outer}}", tree, "1"),
    Case("parent contexts", "{{#inner}}{{own}}{{leaf}}{{outer.own}}{{/inner}}", tree, "topwrong1"),
    Case("variable test", "{{#x}}{{.}} is {{x}}{{/x}}", ["x": .text("it")], "it is it"),
    Case(
      "deeply nested", "{{#outer}}{{#inner}}{{own}}{{leaf}}{{own}}{{/inner}}{{/outer}}", tree, "1x1"
    ),
    Case("list", "{{#rows}}<{{cell}}>{{/rows}}", rows, "<a><b><c>"),
    Case("empty list", "({{#x}}row{{/x}})", ["x": .list([])], "()"),
    Case("strings are no lists", "{{#x}}once{{/x}}", ["x": .text("abc")], "once"),
    Case("an empty text is nothing", "({{#x}}once{{/x}})", ["x": .text("")], "()"),
    Case(
      "doubled", "{{#yes}}\n* 1\n{{/yes}}\n* 2\n{{#yes}}\n* 3\n{{/yes}}\n", yes, "* 1\n* 2\n* 3\n"),
    Case("nested, truthy", "a {{#yes}}b {{#yes}}c{{/yes}} d{{/yes}} e", yes, "a b c d e"),
    Case("nested, falsey", "a {{#no}}b {{#no}}c{{/no}} d{{/no}} e", yes, "a  e"),
    Case("context miss", "({{#none}}found{{/none}})", [:], "()"),
    Case(
      "iterator over texts", "{{#x}}({{.}}){{/x}}", ["x": .list([.text("a"), .text("b")])], "(a)(b)"
    ),
    Case(
      "iterator over lists", "{{#x}}({{#.}}{{.}}{{/.}}){{/x}}",
      ["x": .list([.list([.text("a"), .text("b")]), .list([.text("c")])])], "(ab)(c)"),
    Case("dotted, truthy", "{{#outer.inner.leaf}}here{{/outer.inner.leaf}}", tree, "here"),
    Case("dotted, falsey", "({{#a.no}}here{{/a.no}})", ["a": .object(yes)], "()"),
    Case(
      "list contexts", "{{#rows}}{{#inner}}{{cell}}{{other}}{{own}} {{/inner}}{{/rows}}",
      rows.merging(tree) { $1 }, "aytop bytop cytop "),
    Case("iterator, escaped", "{{#x}}({{.}}){{/x}}", ["x": .list([hostile])], hostileEscaped),
    Case("iterator, triple", "{{#x}}({{{.}}}){{/x}}", ["x": .list([hostile])], hostileRaw),
    Case("iterator, ampersand", "{{#x}}({{&.}}){{/x}}", ["x": .list([hostile])], hostileRaw),
    Case("dotted, broken", "({{#outer.none.leaf}}here{{/outer.none.leaf}})", tree, "()"),
    Case("surrounding white space", " | {{#yes}}\t|\t{{/yes}} | \n", yes, " | \t|\t | \n"),
    Case("internal white space", " | {{#yes}} {{! c }}\n {{/yes}} | \n", yes, " |  \n  | \n"),
    Case("indented inline", " {{#yes}}1{{/yes}}\n {{#yes}}2{{/yes}}\n", yes, " 1\n 2\n"),
    Case("standalone lines", "a\n{{#yes}}\nb\n{{/yes}}\nc\n", yes, "a\nb\nc\n"),
    Case("indented standalone lines", "a\n  {{#yes}}\nb\n\t{{/yes}}\nc\n", yes, "a\nb\nc\n"),
    Case("standalone line endings", "a\r\n{{#yes}}\r\n{{/yes}}\r\nb", yes, "a\r\nb"),
    Case("standalone without previous line", "  {{#yes}}\n+{{/yes}}\n-", yes, "+\n-"),
    Case("standalone without newline", "+{{#yes}}\n-\n  {{/yes}}", yes, "+\n-\n"),
    Case("padding", "|{{# yes }}={{/ yes }}|", yes, "|=|"),
  ]

  static let inverted = [
    Case("falsey", "({{^no}}shown{{/no}})", yes, "(shown)"),
    Case("missing", "({{^none}}shown{{/none}})", [:], "(shown)"),
    Case("truthy", "({{^yes}}shown{{/yes}})", yes, "()"),
    Case("context", "({{^outer}}{{own}}{{/outer}})", tree, "()"),
    Case("list", "({{^rows}}none{{/rows}})", rows, "()"),
    Case("empty list", "({{^x}}none{{/x}})", ["x": .list([])], "(none)"),
    Case("doubled", "{{^no}}\n* 1\n{{/no}}\n* 2\n{{^no}}\n* 3\n{{/no}}\n", yes, "* 1\n* 2\n* 3\n"),
    Case("nested", "a {{^no}}b {{^no}}c{{/no}} d{{/no}} e", yes, "a b c d e"),
    Case("nested, truthy", "a {{^yes}}b {{^yes}}c{{/yes}} d{{/yes}} e", yes, "a  e"),
    Case("dotted, truthy", "({{^outer.own}}none{{/outer.own}})", tree, "()"),
    Case("dotted, falsey", "({{^a.no}}none{{/a.no}})", ["a": .object(yes)], "(none)"),
    Case("dotted, broken", "({{^outer.none.leaf}}none{{/outer.none.leaf}})", tree, "(none)"),
    Case("internal white space", " | {{^no}} {{! c }}\n {{/no}} | \n", yes, " |  \n  | \n"),
    Case("indented inline", " {{^no}}1{{/no}}\n {{^no}}2{{/no}}\n", yes, " 1\n 2\n"),
    Case("standalone without previous line", "  {{^no}}\n+{{/no}}\n-", yes, "+\n-"),
    Case("surrounding white space", " | {{^no}}\t|\t{{/no}} | \n", yes, " | \t|\t | \n"),
    Case("standalone lines", "a\n{{^no}}\nb\n  {{/no}}\nc\n", yes, "a\nb\nc\n"),
    Case("standalone line endings", "a\r\n{{^no}}\r\n{{/no}}\r\nb", yes, "a\r\nb"),
    Case("standalone without newline", "+{{^no}}\n-\n  {{/no}}", yes, "+\n-\n"),
    Case("padding", "|{{^ no }}={{/ no }}|", yes, "|=|"),
  ]

  static let comments = [
    Case("inline", "1{{! two }}3", [:], "13"),
    Case("multiline", "1{{!\n two\n three\n}}4\n", [:], "14\n"),
    Case("standalone", "a\n{{! b }}\nc\n", [:], "a\nc\n"),
    Case("indented standalone", "a\n  {{! b }}\nc\n", [:], "a\nc\n"),
    Case("standalone line endings", "a\r\n{{! b }}\r\nc", [:], "a\r\nc"),
    Case("standalone without previous line", "  {{! a }}\nb", [:], "b"),
    Case("standalone without newline", "a\n  {{! b }}", [:], "a\n"),
    Case("multiline standalone", "a\n  {{!\n b\n }}\nc\n", [:], "a\nc\n"),
    Case("indented inline", "  a {{! b }}\n", [:], "  a \n"),
    Case("surrounding white space", "a {{! b }} c", [:], "a  c"),
    Case("variable name collision", "({{! x }})", ["! x": .text("1"), "x": .text("2")], "()"),
  ]

  static let delimiters = [
    Case("pair", "{{=<% %>=}}(<%x%>{{x}})", ["x": .text("1")], "(1{{x}})"),
    Case("special characters", "({{=[ ]=}}[x])", ["x": .text("1")], "(1)"),
    Case("they last", "{{=| |=}}\n|#yes|\n|! c |\n{{x}}\n|/yes|\n", yes, "{{x}}\n"),
    Case("inverted sections", "{{^no}}|a|{{/no}}{{=| |=}}|^no|{{b}}|/no|", yes, "|a|{{b}}"),
    Case("indented standalone", "a\n  {{=@ @=}}\nb\n", [:], "a\nb\n"),
    Case("and are changed back", "{{=| |=}}|={{ }}=|{{#yes}}1{{/yes}}", yes, "1"),
    Case("surrounding white space", "| {{=@ @=}} |", [:], "|  |"),
    Case("outlying white space", " | {{=@ @=}}\n", [:], " | \n"),
    Case("standalone", "a\n{{=@ @=}}\nb\n", [:], "a\nb\n"),
    Case("standalone line endings", "a\r\n{{= @ @ =}}\r\nb", [:], "a\r\nb"),
    Case("standalone without previous line", "  {{=@ @=}}\na", [:], "a"),
    Case("standalone without newline", "a\n  {{=@ @=}}", [:], "a\n"),
    Case("padding", "|{{= @   @ =}}|", [:], "||"),
  ]

  @Test func `iterates over a list at its root`() throws {
    let values = TemplateValue.list(["a", "b"].map { .object(["cell": .text($0)]) })
    let template = try Template("{{#.}}({{cell}}){{/.}}")
    #expect(template.render(values, escape: { $0 }) == "(a)(b)")
  }

  @Test(arguments: interpolation + sections + inverted + comments + delimiters)
  func `follows its specification`(_ example: Case) throws {
    let template = try Template(example.template)
    #expect(template.render(example.values, escape: HTMLEscape.escape) == example.expected)
  }

  @Test(arguments: [
    ("{{#a}}", 1, "{{#a}} is never closed"),
    ("a\n{{#a}}\n{{#b}}{{/a}}", 3, "{{/a}} closes nothing; {{/b}} is due"),
    ("{{/a}}", 1, "{{/a}} closes nothing"), ("x\n\n{{a", 3, "a tag without its end }}"),
    ("{{{a}}", 1, "a tag without its end }}}"), ("{{}}", 1, "'' is no name"),
    ("{{a b}}", 1, "'a b' is no name"), ("{{a..b}}", 1, "'a..b' is no name"),
    ("{{>a}}", 1, "{{>a}}: partials and blocks are not supported"),
    ("{{<a}}{{/a}}", 1, "{{<a}}: partials and blocks are not supported"),
    ("{{=a=}}", 1, "delimiters are two words without ="), ("a\n\u{0}", 2, "a control character"),
    (String(repeating: "{{#a}}", count: 17), 1, "more than 16 sections in one another"),
    (String(repeating: "a", count: 65_537), 1, "65537 bytes; a template has at most 65536"),
  ])
  func `a template that is wrong is told with its line`(
    _ source: String, _ line: Int, _ problem: String
  ) {
    let error = #expect(throws: TemplateError.self) { try Template(source) }
    #expect(error == TemplateError(line: line, problem: problem))
  }

  @Test func `a template that would never be done or fill the memory ends`() throws {
    let many = TemplateValue.list(Array(repeating: .text("x"), count: 1_000))
    let deep = try Template("{{#a}}{{#a}}{{#a}}{{#none}}{{/none}}{{/a}}{{/a}}{{/a}}")
    #expect(deep.render(.object(["a": many]), escape: { $0 }) == nil)
    let wide = try Template("{{#a}}{{#a}}{{b}}{{/a}}{{/a}}")
    let long = TemplateValue.text(String(repeating: "y", count: 10_000))
    #expect(wide.render(.object(["a": many, "b": long]), escape: { $0 }) == nil)
  }
}
