//! The contract on SoftHSM.

super::contract::on!(crate::harness::hsm);
