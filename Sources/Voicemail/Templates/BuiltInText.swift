extension TemplateSources {
  /// The built-in template of the text part: the caller's words first, as an inbox shows them.
  static let builtInText = #"""
    {{#urgent}}
    {{words.urgent}}

    {{/urgent}}
    {{#recordings}}
    {{#sentence}}
    {{sentence}}
    {{/sentence}}
    {{#paragraphs}}
    {{#time}}({{time}}) {{/time}}{{#speaker}}{{speaker}}{{words.colon}} {{/speaker}}"{{#runs}}{{^is_first}} {{/is_first}}{{#is_doubtful}}[{{text}}?]{{/is_doubtful}}{{^is_doubtful}}{{text}}{{/is_doubtful}}{{ending}}{{/runs}}{{#is_end}}"{{/is_end}}
    {{^is_last}}

    {{/is_last}}
    {{/paragraphs}}
    {{#is_shortened}}
    ({{words.shortened}})
    {{/is_shortened}}
    {{#remark}}
    {{remark}}
    {{/remark}}
    {{#is_low}}
    {{words.low_confidence}}
    {{/is_low}}
    {{#is_one_of_several}}
      — {{label}} ({{name}}{{#length}}, {{length}}{{/length}})
    {{/is_one_of_several}}

    {{/recordings}}
    {{#facts}}
    {{padded_label}}{{value}}
    {{/facts}}

    {{#legend}}
    {{legend}}{{#has_doubt}} {{doubt.before}}[{{words.doubt_example}}?]{{doubt.after}}{{/has_doubt}}{{#has_numbers}} {{words.numbers_check}}{{/has_numbers}}
    {{/legend}}

    """#
}
