//! JSON as Nx reads it: with comments and trailing commas, and nothing else that JSON doesn't have.

use jsonc_parser::ast::Value as Node;
use jsonc_parser::errors::ParseError;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast, parse_to_serde_value};
use serde_json::Value;

const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The value of `text`. Of members with the same name the last counts, as in JavaScript.
pub(super) fn parse(text: &str) -> Result<Value, ParseError> {
    parse_to_serde_value(without_mark(text), &OPTIONS)
}

/// The same with the members of objects in their order.
pub(super) fn parse_in_order(text: &str) -> Option<Node<'_>> {
    let parsed = parse_to_ast(without_mark(text), &CollectOptions::default(), &OPTIONS);
    parsed.ok()?.value
}

/// Without the byte order mark that some editors put before a text.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
