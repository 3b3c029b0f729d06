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
mod walk;
mod world;
