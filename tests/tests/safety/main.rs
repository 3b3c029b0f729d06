//! A cluster beyond loopback: certificates, tokens, roles, and people who mean harm.
//!
//! `world` is a directory with a set of certificates and the real binary in it; `wire` speaks TLS and HTTP/2 as no
//! library would. Each attack counts what it did and what came back, so that none is a test of nothing.

mod access;
mod attacks;
mod binding;
mod bystander;
mod certificates;
mod deployed;
mod exposition;
mod frames;
mod holders;
mod hostile;
mod issue;
mod messages;
mod observed;
mod rotation;
mod strangers;
mod wire;
mod world;
