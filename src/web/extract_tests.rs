//! What strict reading accepts and refuses.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
struct Example {
    name: String,
    note: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

fn read(text: &str) -> Result<Example, BadInput> {
    Pairs::parse(text.as_bytes()).and_then(Pairs::into)
}

#[test]
fn a_form_fills_a_struct() {
    let example = read("name=Grace+H%C3%A4&groups%5B%5D=a&groups[]=b&given_name=Grace").unwrap();
    assert_eq!(example.name, "Grace Hä");
    assert_eq!(example.groups, ["a", "b"]);
    assert_eq!(example.rest.get("given_name").unwrap(), "Grace");
    assert_eq!(example.note, None);
}

#[test]
fn what_is_ambiguous_or_unreadable_is_refused() {
    assert_eq!(
        read("name=a&name=b"),
        Err(BadInput::Duplicate("name".into()))
    );
    assert_eq!(read("name=a%00b"), Err(BadInput::Nul("name".into())));
    assert_eq!(read("name=%ff"), Err(BadInput::NotUtf8));
    assert!(matches!(read("nam=a"), Err(BadInput::Incomplete(_))));
}

#[test]
fn a_mistake_in_json_is_pointed_at() {
    #[derive(Debug, Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "only read by serde")]
        inner: Vec<Example>,
    }
    let failure = read_json::<Outer>(br#"{"inner": [{"name": 7}]}"#).unwrap_err();
    let Failure::Refused(refused) = failure else {
        panic!("internal")
    };
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.fields[0].field, "inner/0/name");
    let twice = read_json::<Outer>(br#"{"inner": [], "inner": []}"#);
    assert!(matches!(twice, Err(Failure::Refused(_))));
    assert!(read_json::<Outer>(br#"{"inner": []} x"#).is_err());
    assert!(read_json::<Outer>(b"{\"inner\": [\"\\u0000\"]}").is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = Pairs::parse(&bytes);
    }

    #[test]
    fn what_is_encoded_reads_back(name in "[a-z]{1,9}", value in "[^\0]{0,30}") {
        let text = url::form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
        let pairs = Pairs::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(pairs.get(&name), Some(value.as_str()));
    }
}
