extension TemplateSources {
  /// The built-in template of a subject that is appended to or written anew.
  static let builtInSubject = #"""
    {{#is_append}}
    {{original}}{{#gist}} — "{{gist}}"{{/gist}}{{#state}} — {{state}}{{/state}}
    {{/is_append}}
    {{#is_rewrite}}
    {{#urgent}}{{words.urgent}}{{words.colon}} {{/urgent}}{{#caller}}{{heading.before}}{{caller}}{{heading.after}}{{#caller_name}}{{#caller_number}} ({{caller_number}}){{/caller_number}}{{/caller_name}}{{/caller}}{{^caller}}{{words.heading_unknown}}{{/caller}}{{#state}}, {{state}}{{/state}}{{#length}}, {{length}}{{/length}}{{#gist}}{{words.colon}} {{gist}}{{/gist}}
    {{/is_rewrite}}

    """#
}
