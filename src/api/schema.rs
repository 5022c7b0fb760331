//! How our own types look in the OpenAPI document.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::kit::{Id, Kind};

impl<K: Kind> PartialSchema for Id<K> {
    fn schema() -> RefOr<Schema> {
        let prefix = K::PREFIX;
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(format!(
                "An id: `{prefix}_` and 26 letters or digits."
            )))
            .pattern(Some(format!("^{prefix}_[0-9a-hjkmnp-tv-z]{{26}}$")))
            .examples([format!("{prefix}_01jd8r3m5n7p9q1s3t5v7x9z1b")]);
        RefOr::T(Schema::Object(schema.build()))
    }
}

impl<K: Kind> ToSchema for Id<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}_id", K::PREFIX).into()
    }
}
