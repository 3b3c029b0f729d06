//! What `deploy/` brings is no secret, and what it takes from elsewhere can be pinned.

use crate::world::World;
use std::{fs, os::unix::fs::PermissionsExt};
use tarquet_kit::environment::repository;

fn deploy(name: &str) -> String {
    fs::read_to_string(repository().join("deploy").join(name)).expect("it is in the repository")
}

/// The service `certs`, as compose starts it, but with a folder of the world's.
#[test]
fn the_store_s_secret_is_made_at_start_and_its_group_reads_it() {
    let (compose, garage) = (deploy("compose.yaml"), deploy("garage.toml"));
    assert!(!garage.lines().any(|line| line.trim_start().starts_with("rpc_secret")), "{garage}");
    assert!(compose.contains("GARAGE_RPC_SECRET_FILE: /certs/store/rpc_secret"), "{compose}");
    let command = compose.lines().find_map(|l| l.trim().strip_prefix("command: [certs, init, /certs, "));
    let words = command.and_then(|c| c.strip_suffix(']')).expect("the service certs makes them");
    let words: Vec<&str> = words.split(", ").map(|w| w.trim_matches('"')).collect();
    let words: Vec<&str> =
        words.into_iter().map(|w| if w.starts_with('$') { "localhost" } else { w }).collect();

    let world = World::new();
    // A set from before there was such a secret; then one that has it.
    for made in [true, false] {
        let before = fs::read_to_string(world.path("certs/store/rpc_secret")).ok();
        world.tarquet(&[&["certs", "init", "certs"], &words[..]].concat()).exits(0);
        let secret = world.read("certs/store/rpc_secret");
        assert!(secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit()), "{secret}");
        assert_eq!(before.is_none(), made);
        assert!(before.is_none_or(|before| before == secret), "a secret in use stays");
    }
    let mode = fs::metadata(world.path("certs/store/rpc_secret")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "its group is that of our image, which the store is in");
    assert!(compose.contains(r#"group_add: ["65532"]"#), "{compose}");
}

#[test]
fn images_from_elsewhere_are_named_where_they_can_be_pinned() {
    let dockerfile = deploy("Dockerfile");
    let mut own = vec!["scratch"];
    for line in dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let arg = words[0].strip_prefix("${").and_then(|arg| arg.strip_suffix('}'));
        let settable = arg.is_some_and(|arg| dockerfile.contains(&format!("\nARG {arg}=")));
        assert!(settable || own.contains(&words[0]), "FROM {line}");
        own.extend(words.get(2));
    }
    assert!(own.len() > 3, "its stages were not found: {own:?}");
    for name in ["compose.yaml", "compose.testserver.yaml"] {
        let text = deploy(name);
        let images: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("image: ")).collect();
        let ours = |image: &str| image.starts_with("tarquet") && image.ends_with(":local");
        let odd: Vec<_> = images.iter().filter(|image| !ours(image) && !image.starts_with("${")).collect();
        assert!(!images.is_empty() && odd.is_empty(), "{name}: {odd:?}");
    }
}
