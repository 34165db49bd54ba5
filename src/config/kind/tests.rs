//! What each kind takes, and what it says of the rest.

use serde_json::json;

use super::*;

const RETRIES: Kind = Kind::Whole(0, 10);
const TIMEOUT: Kind = Kind::Duration(Duration::from_millis(10), Duration::from_secs(600));
const LIMIT: Kind = Kind::Size(1, 1_000_000_000_000);
const WRITES: Kind = Kind::Choice("a setting", &["auto", "require", "off"]);

fn json_problem(kind: Kind, value: serde_json::Value) -> String {
    kind.parse(Given::Json(&value)).unwrap_err()
}

#[test]
fn json_and_text_give_the_same_values() {
    for (kind, json, text) in [
        (Kind::Text, json!("a"), "a"),
        (Kind::Texts, json!(["a", "b:c="]), " a,\n b:c= "),
        (Kind::Flag, json!(true), "true"),
        (Kind::Flag, json!(false), "0"),
        (RETRIES, json!(10), "10"),
        (WRITES, json!("off"), "off"),
        (TIMEOUT, json!(0.5), "500ms"),
        (TIMEOUT, json!("2m"), "120"),
        (LIMIT, json!(2_000_000_000), "2GB"),
        (LIMIT, json!("2GB"), "2000000000"),
        (Kind::Compression, json!(19), "19"),
        (Kind::Compression, json!("none"), "none"),
    ] {
        let value = kind.parse(Given::Json(&json)).unwrap();
        assert_eq!(value, kind.parse(Given::Text(text)).unwrap(), "{json}");
    }
}

#[test]
fn a_problem_quotes_the_value_and_tells_what_is_allowed() {
    for (kind, given, told) in [
        (Kind::Text, json!(5), "5 is not text."),
        (
            Kind::Texts,
            json!("hunter2"),
            "what is given is not a list of texts. Write [\"…\"].",
        ),
        (
            Kind::Texts,
            json!(["hunter2", 5]),
            "what is given is not a list of texts.",
        ),
        (Kind::Texts, json!([""]), "what is given is not a list of texts."),
        (Kind::Texts, json!([]), "what is given is not a list of texts."),
        (Kind::Flag, json!("yes"), "\"yes\" is not true or false."),
        (
            Kind::Flag,
            json!("true"),
            "\"true\" is not true or false. Write true without the quotes.",
        ),
        (RETRIES, json!(11), "11 is not a whole number from 0 to 10."),
        (RETRIES, json!(-1), "-1 is not a whole number from 0 to 10."),
        (RETRIES, json!(1.5), "1.5 is not a whole number from 0 to 10."),
        (
            WRITES,
            json!("Of"),
            "\"Of\" is not a setting (auto, require, off). Did you mean \"off\"?",
        ),
        (
            Kind::Compression,
            json!(0),
            "0 is not a level from 1 to 19, or \"none\".",
        ),
        (
            Kind::Compression,
            json!(null),
            "null is not a level from 1 to 19, or \"none\".",
        ),
    ] {
        assert_eq!(json_problem(kind, given), told);
    }
    assert!(json_problem(TIMEOUT, json!(601)).contains("is not a duration from 10ms to 10m: seconds"));
    assert!(json_problem(TIMEOUT, json!(-1)).starts_with("-1 is not a duration"));
    assert!(json_problem(LIMIT, json!(0)).contains("is not a size from 1B to 1TB: bytes"));
}

#[test]
fn a_secret_of_the_wrong_kind_is_not_quoted() {
    assert_eq!(
        json_problem(Kind::Secret, json!(["hunter2"])),
        "what is given is not text."
    );
    assert_eq!(
        Value::Secret(Secret::new("hunter2".into())).show(),
        "(set, not shown)"
    );
}

#[test]
fn white_space_around_a_text_is_a_slip_and_no_part_of_it() {
    let problem = Kind::Text.parse(Given::Text("eu-central-1\n")).unwrap_err();
    assert_eq!(
        problem,
        "\"eu-central-1\\n\" begins or ends with white space. Remove that."
    );
    let problem = Kind::Secret.parse(Given::Text(" hunter2")).unwrap_err();
    assert_eq!(
        problem,
        "what is given begins or ends with white space. Remove that."
    );
}

#[test]
fn long_values_are_cut_between_characters() {
    let problem = json_problem(Kind::Flag, json!("é".repeat(500)));
    assert!(problem.contains("…") && problem.len() < 250, "{problem}");
}
