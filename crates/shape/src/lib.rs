//! Shapes, element types and shape errors that carry their operands.
