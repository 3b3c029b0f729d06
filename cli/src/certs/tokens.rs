//! Tokens, and the file of their hashes.

use tarquet_common::{codes::ourselves, failure::Failure};
use tarquet_coordinator::access::{Role, Tokens, token_line};

/// 256 bits of chance, with the role in front so that people can tell what they hold.
pub(crate) fn fresh_token(role: Role) -> Result<String, Failure> {
    Ok(format!("tq-{role}-{}", chance::<32>()?))
}

/// Bytes of chance as hexadecimal digits.
pub(crate) fn chance<const N: usize>() -> Result<String, Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| {
        let mut failure = Failure::new(ourselves::INVARIANT, "this system has no source of chance");
        failure.causes.push(e.to_string());
        failure
    })?;
    Ok(hex::encode(bytes))
}

/// The text of a token file with one more token.
pub(crate) fn add(text: &str, role: Role, token: &str, note: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.push(token_line(role, token, note));
    lines.join("\n") + "\n"
}

/// The text without the tokens of a role but one; `None` if that one is not in it.
pub(crate) fn retire(text: &str, role: Role, keep: &str) -> Option<(String, usize)> {
    let is = |line: &str, wanted: Option<Role>| {
        Tokens::parse(line, std::path::Path::new("-")).is_ok_and(|t| t.role_of(keep) == wanted)
    };
    let of_role = |line: &str| line.split_whitespace().next() == Some(role.name());
    let (kept, gone): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| !of_role(line) || is(line, Some(role)));
    kept.iter().any(|line| of_role(line)).then(|| (kept.join("\n") + "\n", gone.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_their_own() {
        let (a, b) = (fresh_token(Role::Worker).unwrap(), fresh_token(Role::Worker).unwrap());
        assert!(a.starts_with("tq-worker-") && a.len() == "tq-worker-".len() + 64 && a != b);
    }

    #[test]
    fn old_tokens_go_and_those_of_other_roles_stay() {
        let [old, new, other] =
            ["old-old-old-old-old-old", "new-new-new-new-new-new", "other-other-other-other"];
        let text = add(
            &add(&add("# head\n", Role::Worker, old, ""), Role::Worker, new, ""),
            Role::Viewer,
            other,
            "",
        );
        let (kept, gone) = retire(&text, Role::Worker, new).unwrap();
        let tokens = Tokens::parse(&kept, std::path::Path::new("-")).unwrap();
        assert_eq!(gone, 1);
        assert_eq!(
            [old, new, other].map(|t| tokens.role_of(t)),
            [None, Some(Role::Worker), Some(Role::Viewer)]
        );
        assert!(kept.starts_with("# head\n"));
        assert_eq!(retire(&text, Role::Worker, other), None, "nobody would be left");
    }
}
