using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;

namespace CvOps.Fleet.Ingest;

/// <summary>
/// Refuses what the serializer lets through: a part that the document leaves out and its record may not lack, a null among the members of a list or
/// a dictionary, and more values than a message may have.
/// </summary>
internal static class WholeDocument
{
    /// <summary>A document of so many bytes cannot have too many tokens.</summary>
    public const int FewBytes = Limits.MessageTokens;

    /// <returns>False when the document has more than <see cref="Limits.MessageTokens"/>.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static bool HasFewTokens(ReadOnlySpan<byte> document)
    {
        var reader = new Utf8JsonReader(document);
        var tokens = 0;
        while (reader.Read())
            if (++tokens > Limits.MessageTokens) return false;
        return true;
    }

    /// <exception cref="JsonException">Something is missing; the message says what.</exception>
    public static void Check(object body, JsonTypeInfo type)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                foreach (var property in type.Properties)
                {
                    if (property.Get is not { } get) continue;
                    if (get(body) is { } value) CheckPart(value, type, property.PropertyType);
                    else if (!property.IsGetNullable) throw new JsonException($"'{property.Name}' is missing.");
                }
                break;
            case JsonTypeInfoKind.Dictionary or JsonTypeInfoKind.Enumerable:
                if (type.ElementType is not { } element || IsPlain(element, type.Options)) break;
                foreach (var member in body is IDictionary dictionary ? dictionary.Values : (IEnumerable)body)
                    CheckPart(member ?? throw new JsonException("A member of a list is null."), type, element);
                break;
        }
    }

    private static void CheckPart(object value, JsonTypeInfo within, Type type)
    {
        if (!IsPlain(type, within.Options) || type == typeof(string)) Check(value, within.Options.GetTypeInfo(type));
    }

    /// <summary>Numbers, enums, identifiers: nothing in them can be missing.</summary>
    private static bool IsPlain(Type type, JsonSerializerOptions options) =>
        type.IsValueType && options.GetTypeInfo(type).Kind == JsonTypeInfoKind.None;
}
