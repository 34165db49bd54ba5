//! What goes and what stays, by the plan alone.
