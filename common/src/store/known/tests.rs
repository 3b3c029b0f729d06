use super::*;

fn named(texts: &[&str]) -> Vec<NamedStore> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A process with a default store of its own, and two that are named.
fn operator() -> KnownStores {
    let named =
        named(&["raw=https://raw.example,profile=reader", "lake=aws,profile=writer,region=eu-west-1"]);
    let variable = |name: &str| match name {
        "AWS_ENDPOINT_URL" => Some("http://127.0.0.1:9000/".to_owned()),
        "AWS_PROFILE" => Some("own".to_owned()),
        _ => None,
    };
    KnownStores::of_operator(named, StoreSettings::default(), &variable).unwrap()
}

fn endpoint(text: &str) -> StoreSettings {
    StoreSettings { endpoint: Some(text.to_owned()), ..StoreSettings::default() }
}

fn profile(text: &str) -> StoreSettings {
    StoreSettings { profile: Some(text.to_owned()), ..StoreSettings::default() }
}

fn name(text: &str) -> StoreSettings {
    StoreSettings { name: Some(text.to_owned()), ..StoreSettings::default() }
}

fn at(text: &str) -> Base {
    Base::At(text.parse().unwrap())
}

#[test]
fn an_operator_s_credentials_go_where_they_were_set_up_for() {
    let known = operator();
    let reader =
        Access { base: at("https://raw.example"), profile: Some("reader".into()), ..Access::default() };
    for (settings, wanted) in [
        (StoreSettings::default(), Access::default()),
        (endpoint("http://127.0.0.1:9000"), Access::default()),
        (profile("own"), Access::default()),
        (name("raw"), reader.clone()),
        (endpoint("HTTPS://raw.example:443/"), reader.clone()),
        (StoreSettings { profile: Some("reader".into()), ..endpoint("https://raw.example") }, reader.clone()),
    ] {
        assert_eq!(known.access(&settings).unwrap(), wanted, "{settings:?}");
    }
    let lake = known.access(&name("lake")).unwrap();
    assert_eq!((lake.base, lake.profile.as_deref()), (Base::Aws, Some("writer")));
    assert_eq!(lake.region.as_deref(), Some("eu-west-1"));
}

#[test]
fn what_an_operator_did_not_set_up_is_refused() {
    let known = operator();
    for settings in [
        endpoint("http://127.0.0.1:9001"),
        endpoint("https://127.0.0.1:9000"),
        endpoint("http://127.0.0.1:9000.evil.example"),
        StoreSettings { anonymous: true, ..endpoint("http://127.0.0.1:1") },
        profile("admin"),
        // The profile of one store at the endpoint of another, and at that of the default one.
        StoreSettings { profile: Some("own".into()), ..endpoint("https://raw.example") },
        profile("reader"),
        name("other"),
    ] {
        let refused = known.access(&settings);
        let malformed = matches!(refused, Err(StoreError::Unsupported { .. }))
            && settings.endpoint.as_deref().is_some_and(|e| e.contains("evil"));
        assert!(
            malformed || matches!(refused, Err(StoreError::NotConfigured { .. })),
            "{settings:?}: {refused:?}"
        );
    }
}

#[test]
fn settings_that_fit_two_stores_choose_neither() {
    let two = named(&["a=http://s:1,profile=a", "b=http://s:1,profile=b"]);
    let known = KnownStores::of_operator(two, StoreSettings::default(), &|_| None).unwrap();
    assert!(matches!(known.access(&endpoint("http://s:1")), Err(StoreError::Unsupported { .. })));
    let b = StoreSettings { profile: Some("b".into()), ..endpoint("http://s:1") };
    assert_eq!(known.access(&b).unwrap().profile.as_deref(), Some("b"));
}

#[test]
fn flags_are_the_default_store_before_the_environment() {
    let flags = StoreSettings { profile: Some("flag".into()), ..endpoint("http://flag:1") };
    let known = KnownStores::of_operator(Vec::new(), flags, &|_| Some("http://env:1".into())).unwrap();
    let default = known.access(&StoreSettings::default()).unwrap();
    assert_eq!((default.base, default.profile.as_deref()), (at("http://flag:1"), Some("flag")));
    assert!(known.access(&endpoint("http://env:1")).is_err());
}

#[test]
fn a_person_s_settings_are_their_own() {
    let known = KnownStores::of_person(named(&["raw=https://raw.example"])).unwrap();
    let own = StoreSettings { profile: Some("any".into()), ..endpoint("http://anywhere:1") };
    let access = known.access(&own).unwrap();
    assert_eq!((access.base, access.profile.as_deref()), (at("http://anywhere:1"), Some("any")));
    assert_eq!(known.access(&name("raw")).unwrap().base, at("https://raw.example"));
    assert!(matches!(known.access(&name("lake")), Err(StoreError::NotConfigured { .. })));
}

#[test]
fn nobody_reaches_a_link_local_address_or_makes_a_host_of_a_region() {
    for known in [operator(), KnownStores::default()] {
        let refused = known.access(&endpoint("http://169.254.169.254"));
        assert!(matches!(refused, Err(StoreError::LinkLocal { .. })), "{refused:?}");
        for region in ["evil.example/", "x.y", "", "a@b"] {
            let settings = StoreSettings { region: Some(region.to_owned()), ..StoreSettings::default() };
            assert!(known.access(&settings).is_err(), "{region:?}");
        }
    }
    assert!("x=http://169.254.169.254".parse::<NamedStore>().is_err());
    let environment = |_: &str| Some("http://[fd00:ec2::254]".to_owned());
    assert!(KnownStores::of_operator(Vec::new(), StoreSettings::default(), &environment).is_err());
}

#[test]
fn what_names_no_store_is_refused() {
    for text in [
        "",
        "x",
        "=http://a",
        "x=",
        "x=a:1",
        "a b=http://a",
        "x=http://a,region",
        "x=aws,region=a.b",
        "x=aws,y=z",
    ] {
        assert!(text.parse::<NamedStore>().is_err(), "{text:?}");
    }
    let twice = named(&["x=http://a", "x=http://b"]);
    assert_eq!(KnownStores::of_person(twice).unwrap_err(), BadStore::Twice("x".to_owned()));
}
