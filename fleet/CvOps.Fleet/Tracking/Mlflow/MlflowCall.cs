using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Fleet.Access.Rights;

namespace CvOps.Fleet.Tracking.Mlflow;

/// <summary>
/// What an MLflow client asked: the fields of a JSON object, or of a query. Numbers may come as texts, as protocol buffers write 64 bits and as a query has them. Each
/// reading is bounded; what does not fit is a <see cref="TrackingException"/> that names the field. Fields that nobody asks for are left alone.
/// </summary>
internal sealed class MlflowCall
{
    private readonly JsonElement _fields;
    private readonly string _path;

    private MlflowCall(JsonElement fields, string path, string by) => (_fields, _path, By) = (fields, path, by);

    /// <summary>Who asks: the account; for a program that may act for others, the user of basic authentication.</summary>
    public string By { get; }

    public static async Task<MlflowCall> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        var by = Caller(request);
        if (HttpMethods.IsGet(request.Method)) return new MlflowCall(Query(request.Query), "", by);
        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body, new JsonDocumentOptions { AllowDuplicateProperties = false }, cancel);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new MlflowCall(document.RootElement.Clone(), "", by)
                : throw TrackingException.Invalid("The body is no JSON object.");
        }
        catch (JsonException e)
        {
            throw TrackingException.Invalid($"The body is no JSON: {e.Message}");
        }
    }

    /// <returns>Null when it is not there.</returns>
    public string? Text(string name, int most)
    {
        if (!Has(name, out var value)) return null;
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, "a text");
        if (text.Length > most) throw TrackingException.Invalid($"'{_path}{name}' has at most {most} characters, not {text.Length}.");
        return text.Contains('\0', StringComparison.Ordinal) ? throw Wrong(name, "a text without the character 0") : text;
    }

    public string Required(string name, int most) => Text(name, most) is { Length: > 0 } text ? text : throw TrackingException.Invalid($"'{_path}{name}' is missing.");

    /// <summary>A key of a metric, parameter or tag, or a name: no control characters, and no path that leads elsewhere, since clients make files of it.</summary>
    public string Key(string name, int most = TrackingLimits.Key)
    {
        var key = Required(name, most);
        return key.Any(char.IsControl) || key.StartsWith('/') || key.Split('/').Any(part => part is "." or ".." or "")
            ? throw TrackingException.Invalid($"'{key}' cannot be the '{_path}{name}': no control characters, and no '/' at an end or twice, nor '.' or '..' between.")
            : key;
    }

    public long? Integer(string name, long least, long most)
    {
        if (!Has(name, out var value)) return null;
        var number = 0L;
        var whole = value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetInt64(out number) || (value.TryGetDouble(out var real) && real == Math.Floor(real) && Math.Abs(real) < 1L << 53 && (number = (long)real) == real),
            JsonValueKind.String => long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number),
            _ => false,
        };
        if (!whole) throw Wrong(name, "a whole number");
        return number >= least && number <= most ? number : throw TrackingException.Invalid($"'{_path}{name}' lies between {least} and {most}; {number} does not.");
    }

    /// <returns>May be NaN or infinite.</returns>
    public double Number(string name)
    {
        if (!Has(name, out var value)) throw TrackingException.Invalid($"'{_path}{name}' is missing.");
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)) return number;
        return value.ValueKind == JsonValueKind.String && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number) ? number : throw Wrong(name, "a number");
    }

    /// <summary>A time in milliseconds since 1970.</summary>
    public DateTimeOffset? Time(string name) => Integer(name, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()) is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    public bool Flag(string name) => Has(name, out var value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String when bool.TryParse(value.GetString(), out var flag) => flag,
        _ => throw Wrong(name, "true or false"),
    };

    /// <summary>One of a few words, as protocol buffers write them: in capitals with underscores.</summary>
    public T? Word<T>(string name, params ReadOnlySpan<(string Word, T Value)> words) where T : struct
    {
        if (Text(name, 100) is not { } text) return null;
        foreach (var (word, value) in words)
            if (word == text) return value;
        var known = new StringBuilder();
        foreach (var (word, _) in words) known.Append(known.Length == 0 ? "" : ", ").Append(word);
        throw TrackingException.Invalid($"'{_path}{name}' is one of {known}, not '{text}'.");
    }

    public IReadOnlyList<string> Texts(string name, int most, int length)
    {
        if (!Has(name, out var value)) return [];
        if (value.ValueKind == JsonValueKind.String) return [Text(name, length)!];
        return [.. Elements(name, value, most).Select(element => element.ValueKind == JsonValueKind.String && element.GetString() is { } text && text.Length <= length ? text : throw Wrong(name, $"a list of texts of at most {length} characters"))];
    }

    public IReadOnlyList<MlflowCall> Objects(string name, int most)
    {
        if (!Has(name, out var value)) return [];
        return [.. Elements(name, value, most).Select((element, at) => element.ValueKind == JsonValueKind.Object ? new MlflowCall(element, $"{_path}{name}[{at}].", By) : throw Wrong(name, "a list of objects"))];
    }

    public MlflowCall Object(string name) =>
        Has(name, out var value) && value.ValueKind == JsonValueKind.Object ? new MlflowCall(value, $"{_path}{name}.", By) : throw Wrong(name, "an object");

    /// <summary>Tags or parameters: each with a key and a value, a key at most once.</summary>
    public IReadOnlyList<KeyText> Pairs(string name, int most, int valueLength)
    {
        var pairs = Objects(name, most).Select(pair => pair.Pair(valueLength)).ToArray();
        return pairs.GroupBy(pair => pair.Key).FirstOrDefault(group => group.Count() > 1) is { } twice ? throw TrackingException.Invalid($"'{_path}{name}' has '{twice.Key}' more than once.") : pairs;
    }

    /// <summary>A key and a value.</summary>
    public KeyText Pair(int valueLength) => new(Key("key"), Text("value", valueLength) ?? "");

    /// <summary>How many entries of a list are wanted at once; more than a page are given in pages.</summary>
    public int Limit(int otherwise) => (int)Math.Min(Integer("max_results", 1, TrackingLimits.PageAsked) ?? otherwise, TrackingLimits.Page);

    private JsonElement[] Elements(string name, JsonElement list, int most)
    {
        if (list.ValueKind != JsonValueKind.Array) throw Wrong(name, "a list");
        return list.GetArrayLength() <= most ? [.. list.EnumerateArray()] : throw TrackingException.Invalid($"'{_path}{name}' has at most {most} entries, not {list.GetArrayLength()}.");
    }

    private bool Has(string name, out JsonElement value) => _fields.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private TrackingException Wrong(string name, string expected) => TrackingException.Invalid($"'{_path}{name}' is to be {expected}.");

    private static JsonElement Query(IQueryCollection query)
    {
        var fields = new JsonObject();
        foreach (var (name, values) in query) fields[name] = values.Count == 1 ? JsonValue.Create(values[0]) : new JsonArray([.. values.Select(value => JsonValue.Create(value))]);
        return JsonSerializer.SerializeToElement(fields, MlflowJson.Default.JsonObject);
    }

    private static string Caller(HttpRequest request)
    {
        const string basic = "Basic ";
        const int longest = 100;
        if (Principal.Of(request.HttpContext) is { ActsForOthers: false } principal) return principal.Name;
        if (request.Headers.Authorization.ToString() is not { } header || !header.StartsWith(basic, StringComparison.Ordinal)) return "mlflow";
        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[basic.Length..], bytes, out var length)) return "mlflow";
        var user = Encoding.UTF8.GetString(bytes, 0, length).Split(':')[0];
        return user.Length is > 0 and <= longest && !user.Any(char.IsControl) ? user : "mlflow";
    }
}
