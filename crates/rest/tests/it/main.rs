//! The REST door over a real gate and a real store.

mod calls;
mod frame;
mod house;
mod login;
