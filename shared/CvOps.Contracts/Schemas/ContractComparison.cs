using System.Text.Json.Nodes;

namespace CvOps.Contracts.Schemas;

/// <summary>
/// Whether a program that was written against one AsyncAPI document of CvOps still understands what another one describes. Topics, fields and enum values
/// may be added; what was there stays as it was. A reader relies on what is sent, a device in the field may be years old, so each direction counts.
/// </summary>
public sealed class ContractComparison
{
    /// <summary>Keywords whose every change is one: what a value is, and what it means.</summary>
    private static readonly string[] Fixed = ["pattern", "format", "minimum", "maximum", "contentEncoding", "x-unit", "default"];

    private readonly JsonNode _released;
    private readonly JsonNode _today;
    private readonly List<string> _breaks = [];
    private readonly HashSet<(JsonNode, JsonNode)> _seen = [];

    private ContractComparison(JsonNode released, JsonNode today)
    {
        _released = released;
        _today = today;
    }

    /// <param name="released">The AsyncAPI document that programs were written against.</param>
    /// <returns>A sentence for each break, with the path of what broke; empty when there is none.</returns>
    /// <exception cref="FormatException">One of them is no AsyncAPI 3 document.</exception>
    public static IReadOnlyList<string> Breaks(JsonNode released, JsonNode today)
    {
        var comparison = new ContractComparison(released, today);
        comparison.Channels();
        return comparison._breaks;
    }

    private void Channels()
    {
        var now = Part(_today, "channels");
        foreach (var (key, channel) in Part(_released, "channels"))
        {
            var address = (string?)channel!["address"];
            if (now[key] is not { } kept)
            {
                _breaks.Add($"The topic {address} ({key}) is gone.");
                continue;
            }
            if ((string?)kept["address"] is var moved && moved != address) _breaks.Add($"{key} was published on {address} and is on {moved}.");
            Same(key, "operation", Part(_released, "operations")[key], Part(_today, "operations")[key]);
            foreach (var (name, message) in Part(channel, "messages"))
            {
                if (kept["messages"]?[name] is not { } same) _breaks.Add($"{key} carried {name} and does no more.");
                else Schemas(key, Resolve(_released, message!)["payload"]!, Resolve(_today, same)["payload"]!);
            }
        }
    }

    /// <summary>Who sends, and whether it is retained.</summary>
    private void Same(string key, string what, JsonNode? before, JsonNode? now)
    {
        if (before is null) return;
        foreach (var property in new[] { "action", "x-retained" })
        {
            if (before[property]?.ToJsonString() is { } was && now?[property]?.ToJsonString() is var present && present != was)
                _breaks.Add($"{key}: the {what}'s {property} was {was} and is {present ?? "absent"}.");
        }
    }

    private void Schemas(string path, JsonNode before, JsonNode now)
    {
        if (!_seen.Add((before, now))) return;
        var (old, young) = (Whole(_released, before), Whole(_today, now));
        var (was, present) = (Types(old), Types(young));
        if (was != present)
        {
            _breaks.Add($"{path} was {was} and is {present}.");
            return;
        }
        foreach (var keyword in Fixed)
        {
            if (old.GetValueOrDefault(keyword)?.ToJsonString() is var a && young.GetValueOrDefault(keyword)?.ToJsonString() is var b && a != b) _breaks.Add($"{path}: {keyword} was {a ?? "absent"} and is {b ?? "absent"}.");
        }
        Values(path, old.GetValueOrDefault("enum") as JsonArray, young.GetValueOrDefault("enum") as JsonArray);
        Fields(path, old, young);
        foreach (var (inner, mark) in new[] { ("items", "[]"), ("additionalProperties", ".*") })
        {
            var (a, b) = (old.GetValueOrDefault(inner) as JsonObject, young.GetValueOrDefault(inner) as JsonObject);
            if (a is not null && b is not null) Schemas(path + mark, a, b);
            else if (a is not null || b is not null) _breaks.Add($"{path}: {inner} {(a is null ? "is new" : "is gone")}.");
        }
    }

    private void Values(string path, JsonArray? before, JsonArray? now)
    {
        if (before is null && now is not null) _breaks.Add($"{path} could be anything and is one of {now.ToJsonString()}.");
        if (before is null) return;
        var kept = (now ?? []).Select(value => value?.ToJsonString()).ToHashSet();
        foreach (var value in before.Select(value => value?.ToJsonString()).Where(value => now is not null && !kept.Contains(value))) _breaks.Add($"{path} lost its value {value}.");
        if (now is null) _breaks.Add($"{path} was one of {before.ToJsonString()} and may be anything.");
    }

    private void Fields(string path, Dictionary<string, JsonNode?> old, Dictionary<string, JsonNode?> young)
    {
        var (before, now) = (old.GetValueOrDefault("properties") as JsonObject ?? [], young.GetValueOrDefault("properties") as JsonObject ?? []);
        var (had, has) = (Required(old), Required(young));
        foreach (var (name, field) in before)
        {
            if (now[name] is not { } kept) _breaks.Add($"{path}.{name} is gone.");
            else
            {
                if (has.Contains(name) && !had.Contains(name)) _breaks.Add($"{path}.{name} was optional and is required.");
                if (had.Contains(name) && !has.Contains(name)) _breaks.Add($"{path}.{name} was always there and may be absent.");
                Schemas($"{path}.{name}", field!, kept);
            }
        }
        foreach (var name in has.Where(name => !before.ContainsKey(name))) _breaks.Add($"{path}.{name} is new and required: devices in the field do not send it.");
    }

    private static HashSet<string> Required(Dictionary<string, JsonNode?> schema) => [.. (schema.GetValueOrDefault("required") as JsonArray ?? []).Select(name => (string)name!)];

    private static string Types(Dictionary<string, JsonNode?> schema) => schema.GetValueOrDefault("type") switch
    {
        JsonArray many => string.Join(" or ", many.Select(type => (string?)type).Order(StringComparer.Ordinal)),
        { } one => (string)one!,
        null => "anything",
    };

    /// <summary>A schema's keywords with those it refers to put in, its own words last. The values stay the document's own nodes, so that a circle is seen as one.</summary>
    private static Dictionary<string, JsonNode?> Whole(JsonNode document, JsonNode schema)
    {
        var own = schema as JsonObject ?? throw new FormatException($"A schema is an object, not {schema.ToJsonString()}.");
        var whole = new Dictionary<string, JsonNode?>();
        JsonNode?[] parts = own.ContainsKey("$ref") ? [own] : own["allOf"] is JsonArray all ? [.. all] : [];
        foreach (var part in parts)
        {
            if (Resolve(document, part!) is not JsonObject target || ReferenceEquals(target, own)) continue;
            foreach (var (name, value) in target) whole[name] = value;
        }
        foreach (var (name, value) in own) whole[name] = value;
        return whole;
    }

    /// <summary>Follows references within the document.</summary>
    private static JsonNode Resolve(JsonNode document, JsonNode node)
    {
        for (var hops = 0; hops < 8 && (string?)node["$ref"] is { } reference; hops++)
        {
            node = reference.TrimStart('#', '/').Split('/').Aggregate((JsonNode?)document, (at, level) => at?[level])
                ?? throw new FormatException($"It refers to {reference}, which is not in it.");
        }
        return node;
    }

    private static JsonObject Part(JsonNode document, string name) =>
        (document as JsonObject)?[name] as JsonObject ?? throw new FormatException($"This is no AsyncAPI 3 document: it has no '{name}'.");
}
