//! Whatever nx.json and the environment hold, reading them ends with a configuration or an error.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::options::OPTIONS;
use super::{Config, Environment};

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        ".*".prop_map(Json::from),
        "(s3://)?[a-z/?=&#@:.%]{0,20}".prop_map(Json::from),
        "[0-9.]{0,20} ?[a-zA-Z]{0,3}".prop_map(Json::from),
    ];
    let names: BTreeSet<String> = OPTIONS
        .iter()
        .flat_map(|option| option.name.split('.').chain([option.name]))
        .map(str::to_owned)
        .collect();
    let name = prop_oneof![
        proptest::sample::select(names.into_iter().collect::<Vec<_>>()),
        ".*"
    ];
    leaf.prop_recursive(3, 32, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map(name.clone(), inner, 0..8)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn never_panics(section in any_json(), value in ".*", index in 0..OPTIONS.len(), ci: bool) {
        let environment = Environment::from([(&*OPTIONS[index].variable(), &*value)]);
        if let Err(error) = Config::load(Some(&section.to_string()), &environment, ci, Path::new("/workspace")) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn never_panics_on_text_that_is_no_json(section in ".*") {
        prop_assert!(Config::load(Some(&section), &Environment::default(), false, Path::new("/")).is_err());
    }
}
