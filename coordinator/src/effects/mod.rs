//! What the core wants done outside: conditional objects, plans, uploads.
//!
//! An **order** is an effect with all that it needs to know, taken from the state when it is started. The
//! **executor** carries it out and answers with exactly one outcome. Every order may be carried out twice with the
//! effect of once; whatever is unclear is read back, and the outcome reports what the store says.

mod claim;
mod conditional;
mod executor;
mod order;
mod output;
mod plan;
mod publish;
mod rounds;
mod tools;

pub(crate) use executor::Executor;
pub(crate) use order::Order;
pub(crate) use tools::Tools;

#[cfg(test)]
mod tests {
    //! Every order on a store that fails on purpose.
    //!
    //! The **world** is a job's four places in a temporary directory: its own prefix, its output, the home beside that, and the
    //! registry. All of them are behind one set of rules, so that calls are counted whichever place they go to. A **case**
    //! arranges a world and says which order is carried out in it. The **walk** takes a case through every trouble that each
    //! of its calls can meet. What one number cannot tell stands in tests of their own beside the cases.

    mod claim;
    mod conditional;
    mod output;
    mod plan;
    mod publish;
    mod rounds;
    mod walk;
    mod world;
}
