using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CvOps.Testing.IotHub;

/// <summary>A device's twin as a hub keeps it, with the hub's limits.</summary>
internal sealed class HubTwin
{
    private const int LargestPart = 32 * 1024;
    private const int LongestText = 4096;
    private const int Deepest = 10;

    private readonly Lock _lock = new();
    private JsonObject _desired = [];
    private JsonObject _reported = [];
    private long _desiredVersion = 1;
    private long _reportedVersion = 1;

    public JsonObject Desired
    {
        get { lock (_lock) return WithVersion(_desired, _desiredVersion); }
    }

    public JsonObject Reported
    {
        get { lock (_lock) return WithVersion(_reported, _reportedVersion); }
    }

    /// <returns>What devices are told: the patch with its new version.</returns>
    public (long Version, byte[] Patch) Want(JsonObject patch)
    {
        lock (_lock)
        {
            _desired = Merge(_desired, patch);
            _desiredVersion++;
            return (_desiredVersion, Bytes(WithVersion(patch, _desiredVersion)));
        }
    }

    public byte[] Document()
    {
        lock (_lock) return Bytes(new JsonObject { ["desired"] = WithVersion(_desired, _desiredVersion), ["reported"] = WithVersion(_reported, _reportedVersion) });
    }

    /// <returns>The hub's status, and the new version with 204.</returns>
    public (int Status, long Version) Report(byte[] patch)
    {
        try
        {
            if (JsonNode.Parse(patch) is not JsonObject change || !IsTwin(change, 1)) return (400, 0);
            lock (_lock)
            {
                var next = Merge(_reported, change);
                if (Bytes(next).Length > LargestPart) return (413, 0);
                _reported = next;
                return (204, ++_reportedVersion);
            }
        }
        catch (JsonException)
        {
            return (400, 0);
        }
    }

    /// <summary>JSON merge patch (RFC 7396), which is what the hub does.</summary>
    private static JsonObject Merge(JsonObject target, JsonObject patch)
    {
        var merged = (JsonObject)target.DeepClone();
        foreach (var (name, value) in patch)
        {
            if (value is null) merged.Remove(name);
            else if (value is JsonObject inner) merged[name] = Merge(merged[name] as JsonObject ?? [], inner);
            else merged[name] = value.DeepClone();
        }
        return merged;
    }

    private static bool IsTwin(JsonNode? node, int depth) => node switch
    {
        JsonObject part => depth <= Deepest && part.All(it => it.Key.Length > 0 && it.Key.AsSpan().IndexOfAny('.', '$', ' ') < 0 && IsTwin(it.Value, depth + 1)),
        JsonArray list => list.All(it => IsTwin(it, depth + 1)),
        JsonValue value when value.TryGetValue<string>(out var text) => Encoding.UTF8.GetByteCount(text) <= LongestText,
        _ => true,
    };

    private static JsonObject WithVersion(JsonObject part, long version)
    {
        var whole = (JsonObject)part.DeepClone();
        whole["$version"] = version;
        return whole;
    }

    private static byte[] Bytes(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());
}
