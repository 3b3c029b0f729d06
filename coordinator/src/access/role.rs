//! What a token stands for.

use std::fmt;

/// What its bearer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Looks at jobs, workers, the page and metrics.
    Viewer,
    /// Also submits jobs, steers and forgets them, and drains workers.
    Operator,
    /// Takes leases and reports; sees nothing else.
    Worker,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Worker];

    /// Its name in token files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Worker => "worker",
        }
    }

    /// The role of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }

    /// Whether it may do what `least` may: an operator is a viewer too, a worker is nothing else.
    pub fn reaches(self, least: Self) -> bool {
        self == least || (self, least) == (Self::Operator, Self::Viewer)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Role::{self, *};

    #[test]
    fn roles_reach_what_they_should() {
        let reach = |role: Role| Role::ALL.map(|least| role.reaches(least));
        assert_eq!(reach(Viewer), [true, false, false]);
        assert_eq!(reach(Operator), [true, true, false]);
        assert_eq!(reach(Worker), [false, false, true]);
        assert!(Role::ALL.iter().all(|r| Role::of(r.name()) == Some(*r)) && Role::of("root").is_none());
    }
}
