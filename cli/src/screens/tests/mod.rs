//! Screens from fixed inputs. The **fixtures** are one job of `convert`; **goldens** are its screens word for word; **words**
//! are what is told of other kinds' jobs.

mod fixtures;
mod goldens;
mod words;
