//! onus: finds what the customer got wrong under AWS's shared responsibility model, in Terraform and CloudFormation.

#![forbid(unsafe_code)]

pub mod cli;
pub mod cloudformation;
pub mod declared;
pub mod diagnostic;
pub mod facts;
pub mod jsonpath;
pub mod model;
pub mod output;
pub mod project;
pub mod report;
pub mod rules;
pub mod source;
pub mod terraform;
pub mod value;
pub mod yaml;
