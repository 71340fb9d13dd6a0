using System.Text;
using System.Text.Json.Nodes;

namespace CvOps.Shared.Tests.Packages.Fuzz;

/// <summary>Spoils JSON documents: their text, or a value somewhere in them.</summary>
internal sealed class JsonMutator(Random random)
{
    private static readonly string[] Values =
    [
        "null", "true", "\"\"", "\"x\"", "0", "-1", "1", "0.5", "1e308", "-1e308", "1e400", "\"NaN\"", "\"Infinity\"", "2147483648", "9223372036854775807", "9223372036854775808", "[]", "{}", "[null]", "[[]]", "[{}]",
        "{\"a\":null}", "{\"brightness\":null}", "[\"x\",null]", "[9223372036854775807,9223372036854775807]", "[-1]", "[0]", "{\"a\":{}}", "\"\\u0000\"", "\"@half\"", "\"golden/../x.f32\"", "\"golden/0.input.f32\"", "99999999999999999999999",
    ];

    public byte[] Next(byte[] json)
    {
        switch (random.Next(8))
        {
            case 0: return json[..random.Next(json.Length)];
            case 1: return [.. json, .. Encoding.UTF8.GetBytes(Values[random.Next(Values.Length)])];
            case 2: return Encoding.UTF8.GetBytes(Deep(random.Next(2) == 0 ? 40 : 100_000));
            case 3: return Many();
            case 4:
                var flipped = (byte[])json.Clone();
                flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
                return flipped;
            default: return Changed(json);
        }
    }

    private static string Deep(int depth) => new string('[', depth) + new string(']', depth);

    /// <summary>Little text that would be many objects.</summary>
    private byte[] Many()
    {
        var one = ((string[])["{},", "[],", "0,", "\"\",", "{\"a\":[]},"])[random.Next(5)];
        var list = new StringBuilder("[").Insert(1, one, random.Next(1, 20_000)).Append("0]").ToString();
        return Encoding.UTF8.GetBytes(((string[])["{\"tolerance\":0.5,\"vectors\":@}", "{\"frames\":1,\"histograms\":{\"a\":{\"edges\":@}},\"classes\":{}}", "{\"classes\":@}", "@"])[random.Next(4)].Replace("@", list, StringComparison.Ordinal));
    }

    /// <summary>One value, somewhere, becomes another, goes, or comes.</summary>
    private byte[] Changed(byte[] json)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(json);
        }
        catch (System.Text.Json.JsonException)
        {
            return [];
        }

        var at = root;
        for (var depth = random.Next(1, 6); depth > 0; depth--)
        {
            var last = depth == 1;
            if (at is JsonObject { Count: > 0 } o)
            {
                var name = o.ElementAt(random.Next(o.Count)).Key;
                if (!last && o[name] is JsonObject { Count: > 0 } or JsonArray { Count: > 0 }) at = o[name];
                else if (random.Next(4) == 0) o.Remove(name);
                else o[name] = Value();
            }
            else if (at is JsonArray { Count: > 0 } a)
            {
                var index = random.Next(a.Count);
                if (!last && a[index] is JsonObject { Count: > 0 } or JsonArray { Count: > 0 }) at = a[index];
                else if (random.Next(4) == 0) a.RemoveAt(index);
                else a[index] = Value();
            }
        }

        // Half a surrogate pair, which the writer would refuse to write.
        return Encoding.UTF8.GetBytes(root!.ToJsonString().Replace("@half", "\\ud800", StringComparison.Ordinal));
    }

    private JsonNode? Value()
    {
        try
        {
            return JsonNode.Parse(Values[random.Next(Values.Length)]);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
