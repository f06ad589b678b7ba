extension TemplateSources {
  /// The built-in template of the HTML block.
  ///
  /// It may land in any document, so that all styles stand on the elements. Colours are inherited, with
  /// lines in the text's own colour: it reads well on white, on black and where a mail program inverts.
  /// No scripts, no remote content.
  static let builtInHTML = #"""
    <div lang="{{language}}" dir="{{direction}}" style="font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5;text-align:left;max-width:640px;overflow-wrap:anywhere;word-break:break-word">
    <div style="display:none;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all">{{preview}}</div>
    <h1 style="color:inherit;font-size:20px;line-height:1.3;font-weight:bold;margin:0 0 12px">{{#urgent}}{{words.urgent}}{{words.colon}} {{/urgent}}{{#caller}}{{heading.before}}<bdi>{{caller}}</bdi>{{heading.after}}{{/caller}}{{^caller}}{{words.heading_unknown}}{{/caller}}</h1>
    {{#dial}}
    <p style="margin:0 0 16px"><a href="tel:{{dial}}" style="display:inline-block;padding:10px 18px;border:1px solid;border-radius:8px;color:inherit;font-weight:bold;text-decoration:none">{{call.before}}<bdi>{{caller_number}}</bdi>{{call.after}}</a></p>
    {{/dial}}
    {{#plain_number}}
    <p style="margin:0 0 16px">{{words.number}}{{words.colon}} <bdi>{{plain_number}}</bdi></p>
    {{/plain_number}}
    {{#recordings}}
    {{#is_one_of_several}}
    <h2 style="color:inherit;font-size:16px;line-height:1.4;font-weight:bold;margin:16px 0 6px">{{label}} (<bdi>{{name}}</bdi>{{#length}}, {{length}}{{/length}})</h2>
    {{/is_one_of_several}}
    {{#sentence}}
    <p style="margin:0 0 16px;font-size:18px">{{sentence}}</p>
    {{/sentence}}
    {{#is_low}}
    <p style="margin:0 0 8px;font-weight:bold">{{words.low_confidence}}</p>
    {{/is_low}}
    {{#has_text}}
    <blockquote{{#spoken_language}} lang="{{spoken_language}}"{{/spoken_language}} dir="{{spoken_direction}}" style="margin:0 0 16px;padding:2px 14px;border:0 solid #5b83d6;{{#is_right_to_left}}border-right-width:4px;text-align:right{{/is_right_to_left}}{{^is_right_to_left}}border-left-width:4px{{/is_right_to_left}};font-size:18px;line-height:1.5">
    {{#paragraphs}}
    <p style="margin:0{{^is_last}} 0 10px{{/is_last}}">{{#time}}<span style="font-size:14px;opacity:.75">{{time}}</span> {{/time}}{{#speaker}}<b>{{speaker}}{{words.colon}}</b> {{/speaker}}{{words.open_quote}}{{#runs}}{{^is_first}} {{/is_first}}{{#is_doubtful}}<span title="{{words.uncertain}}" style="border-bottom:2px dotted">{{text}}</span>&nbsp;[?]{{/is_doubtful}}{{^is_doubtful}}{{text}}{{/is_doubtful}}{{ending}}{{/runs}}{{#is_end}}{{words.close_quote}}{{/is_end}}</p>
    {{/paragraphs}}
    </blockquote>
    {{/has_text}}
    {{#is_shortened}}
    <p style="margin:0 0 16px">{{words.shortened}}</p>
    {{/is_shortened}}
    {{#remark}}
    <p style="margin:0 0 16px;font-weight:bold">{{remark}}</p>
    {{/remark}}
    {{/recordings}}
    <table style="border-collapse:collapse;border:0;font-size:15px;line-height:1.45;margin:0 0 16px;color:inherit">
    {{#facts}}
    {{^is_caller}}
    <tr><th scope="row" style="border:0;text-align:left;vertical-align:top;font-weight:normal;white-space:nowrap;padding:2px 14px 2px 0;opacity:.75">{{label}}</th><td style="border:0;vertical-align:top;padding:2px 0;overflow-wrap:anywhere;word-break:break-word"><bdi>{{value}}</bdi></td></tr>
    {{/is_caller}}
    {{/facts}}
    </table>
    {{#legend}}
    <p style="margin:0;font-size:14px;opacity:.8">{{legend}}{{#has_doubt}} {{doubt.before}}<span style="border-bottom:2px dotted">{{words.doubt_example}}</span>&nbsp;[?]{{doubt.after}}{{/has_doubt}}{{#has_numbers}} {{words.numbers_check}}{{/has_numbers}}</p>
    {{/legend}}
    {{! A border in the text's colour is the rule above the PBX's own text; <hr> has its own. }}
    <div style="border-top:1px solid;opacity:.4;margin:16px 0;font-size:0;line-height:0"></div>
    </div>

    """#
}
