using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using CvOps.Contracts;
using CvOps.Contracts.Schemas;

namespace CvOps.Shared.Tests.Contracts.Schemas;

/// <summary>
/// JSON Schemas 2020-12 of the contract records: what System.Text.Json says of their form, with words from the docstrings and units and ranges from
/// <see cref="WireAttribute"/>. Null never travels, so it is not allowed; a field that any device may leave out is not required.
/// </summary>
internal static class SchemaMaker
{
    private static readonly NullabilityInfoContext Nullability = new();

    /// <param name="examples">Documents of this record.</param>
    public static JsonObject Of(Type record, IEnumerable<JsonNode> examples)
    {
        var definitions = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        var wholes = new Dictionary<Type, JsonObject>();
        var form = (JsonObject)ContractsJson.Default.Options.GetJsonSchemaAsNode(record, new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true, TransformSchemaNode = (context, node) => Say(context, node, definitions, wholes),
        });
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["$id"] = TopicCatalog.SchemaIdOf(record.Name), ["title"] = record.Name,
        };
        foreach (var (name, value) in form.ToArray()) schema[name] = value?.DeepClone();
        if (definitions.Count > 0) schema["$defs"] = new JsonObject(definitions.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value)));
        schema["examples"] = new JsonArray([.. examples]);
        return schema;
    }

    private static JsonObject Say(JsonSchemaExporterContext context, JsonNode node, SortedDictionary<string, JsonObject> definitions, Dictionary<Type, JsonObject> wholes)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var schema = node is JsonObject known ? known : [];
        // The exporter points at a form's first appearance; a reader is better served by the form itself.
        if (schema.ContainsKey("$ref") && wholes.TryGetValue(type, out var whole)) schema = (JsonObject)whole.DeepClone();
        if (type == typeof(DeviceId) || type == typeof(CameraId) || type == typeof(SiteId))
            schema = new JsonObject { ["type"] = "string", ["pattern"] = WireAttribute.Name };
        if (type == typeof(byte[])) schema["contentEncoding"] = "base64";
        if (type.IsEnum) schema = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => (JsonNode)name)]) };
        // NaN and the infinities travel as text: both forms in one.
        if (type == typeof(double)) schema = new JsonObject { ["type"] = new JsonArray("number", "string"), ["pattern"] = "^(NaN|-?Infinity)$" };
        else WithoutNull(schema);
        if (schema["properties"] is JsonObject properties && Required(type, properties) is { Count: > 0 } required) schema["required"] = required;
        var words = XmlDocs.Of(type);
        if ((type.IsEnum || type.Namespace?.StartsWith("CvOps.", StringComparison.Ordinal) == true) && words is not null) Describe(schema, words);

        if (context.Path.Length > 0 && (type.IsEnum || schema.ContainsKey("properties")))
        {
            definitions[type.Name] = (JsonObject)schema.DeepClone();
            schema = new JsonObject { ["$ref"] = $"#/$defs/{type.Name}" };
        }
        wholes[type] = (JsonObject)schema.DeepClone();
        if (context.PropertyInfo is { } property) SayOfProperty(property.DeclaringType.GetProperty(property.Name, BindingFlags.IgnoreCase | BindingFlags.Public | BindingFlags.Instance)!, schema);
        return schema;
    }

    private static void SayOfProperty(PropertyInfo property, JsonObject schema)
    {
        if (Wire(property) is { } wire)
        {
            if (!double.IsNaN(wire.Minimum)) schema["minimum"] = Number(wire.Minimum);
            if (!double.IsNaN(wire.Maximum)) schema["maximum"] = Number(wire.Maximum);
            if (wire.Pattern is not null) schema["pattern"] = wire.Pattern;
            if (wire.Unit is not null) schema["x-unit"] = wire.Unit;
        }
        if (!IsRequired(property) && Default(property) is { } value) schema["default"] = value;
        if (XmlDocs.Of(property) is { } words) Describe(schema, words);
    }

    private static JsonArray Required(Type type, JsonObject properties) => new([.. properties.Select(one => one.Key)
        .Where(name => IsRequired(type.GetProperty(name, BindingFlags.IgnoreCase | BindingFlags.Public | BindingFlags.Instance)!)).Select(name => (JsonNode)name)]);

    /// <summary>Required is what every version of every device writes: the keyword says so, or a position in the record without a default.</summary>
    private static bool IsRequired(PropertyInfo property)
    {
        if (Nullable.GetUnderlyingType(property.PropertyType) is not null) return false;
        if (!property.PropertyType.IsValueType && Nullability.Create(property).ReadState == NullabilityState.Nullable) return false;
        if (property.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null) return true;
        return Parameter(property) is { HasDefaultValue: false };
    }

    /// <summary>What its absence means; null where it means just that.</summary>
    private static JsonNode? Default(PropertyInfo property)
    {
        if (Parameter(property) is { HasDefaultValue: true, DefaultValue: { } stated }) return JsonValue.Create(Convert.ToDecimal(stated, System.Globalization.CultureInfo.InvariantCulture));
        if (Parameter(property) is not null || property.DeclaringType!.GetConstructor(Type.EmptyTypes) is null) return null;
        return property.GetValue(Activator.CreateInstance(property.DeclaringType)) switch
        {
            bool flag => flag,
            IConvertible number and (int or long or double) => Convert.ToDecimal(number, System.Globalization.CultureInfo.InvariantCulture),
            System.Collections.ICollection { Count: 0 } => new JsonArray(),
            _ => null,
        };
    }

    private static WireAttribute? Wire(PropertyInfo property) => property.GetCustomAttribute<WireAttribute>() ?? Parameter(property)?.GetCustomAttribute<WireAttribute>();

    private static ParameterInfo? Parameter(PropertyInfo property) =>
        property.DeclaringType!.GetConstructors().SelectMany(constructor => constructor.GetParameters()).FirstOrDefault(parameter => parameter.Name == property.Name);

    private static void WithoutNull(JsonObject schema)
    {
        if (schema["type"] is JsonArray types) schema["type"] = types.Select(type => (string)type!).Single(type => type != "null");
        if (schema["enum"] is JsonArray values) foreach (var none in values.Where(value => value is null).ToArray()) values.Remove(none);
    }

    private static void Describe(JsonObject schema, string words)
    {
        schema.Remove("description");
        schema.Insert(0, "description", words);
    }

    private static JsonValue Number(double value) => value == Math.Floor(value) ? JsonValue.Create((long)value) : JsonValue.Create(value);
}
