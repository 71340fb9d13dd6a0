using System.Text.Json.Nodes;

namespace CvOps.Agent.Link.IotHub;

/// <summary>JSON merge patches (RFC 7396), the hub's way to change a part of a twin: objects are merged, null removes, everything else replaces.</summary>
internal static class TwinPatch
{
    /// <summary>The least patch that makes <paramref name="after"/> of <paramref name="before"/>. Null among the properties of <paramref name="after"/> is absence.</summary>
    public static JsonObject Between(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject();
        foreach (var (name, value) in after)
        {
            if (value is null) continue;
            var old = before[name];
            if (JsonNode.DeepEquals(old, value)) continue;
            if (old is JsonObject was && value is JsonObject now)
            {
                if (Between(was, now) is { Count: > 0 } inner) patch[name] = inner;
            }
            else
            {
                patch[name] = WithoutNulls(value);
            }
        }
        foreach (var (name, old) in before)
        {
            if (old is not null && after[name] is null) patch[name] = null;
        }
        return patch;
    }

    /// <returns>A new document.</returns>
    public static JsonObject Apply(JsonObject target, JsonObject patch)
    {
        var result = (JsonObject)target.DeepClone();
        foreach (var (name, value) in patch)
        {
            if (value is null) result.Remove(name);
            else if (value is JsonObject inner) result[name] = Apply(result[name] as JsonObject ?? [], inner);
            else result[name] = value.DeepClone();
        }
        return result;
    }

    private static JsonNode WithoutNulls(JsonNode value) => value is JsonObject whole ? Apply([], whole) : value.DeepClone();
}
