//! What `$` means for one resource: its properties and the reserved members `facts`, `links`, `views`, `options`, `meta`.
