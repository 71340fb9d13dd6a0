namespace CvOps.Fleet.Api.Catalog;

/// <summary>What the API's document says of one endpoint, and which of the API's manners it keeps.</summary>
/// <param name="Path">Below <c>/api/v1</c>, as it is mapped.</param>
/// <param name="Id">A name for clients that are generated; never changed.</param>
/// <param name="Tag">The feature.</param>
/// <param name="Summary">In a sentence, for whoever reads the document.</param>
internal sealed record ApiOperation(string Method, string Path, string Id, string Tag, string Summary)
{
    public const string Json = "application/json";

    /// <summary>Lines of JSON, one record each.</summary>
    public const string Lines = "application/x-ndjson";

    public const string Bytes = "application/octet-stream";

    /// <summary>Record of the request's body; null: it has none, or none of JSON.</summary>
    public Type? Body { get; init; }

    /// <summary>Media types of the body.</summary>
    public IReadOnlyList<string> BodyTypes { get; init; } = [];

    /// <summary>Record of the answer; null: it has none, or none of JSON.</summary>
    public Type? Answer { get; init; }

    public string AnswerType { get; init; } = Json;

    public int Status { get; init; } = 200;

    /// <summary>An answer without a body is possible, too.</summary>
    public bool MayBeEmpty { get; init; }

    /// <summary>Statuses of refusals beyond those that every endpoint of its kind has.</summary>
    public IReadOnlyList<int> Refusals { get; init; } = [];

    /// <summary>Parameters of the address that the handler reads by itself, with what they are.</summary>
    public IReadOnlyList<(string Name, string Says)> Query { get; init; } = [];

    /// <summary>Of a list that its handler gives whole: what a page begins after.</summary>
    public Func<object, string>? Key { get; init; }

    /// <summary>The handler takes cursor and limit itself and gives the page alone.</summary>
    public bool OwnPages { get; init; }

    /// <summary>How long a page is that nobody gave a limit for; null: all of it.</summary>
    public int? UsualLimit { get; init; }

    /// <summary>Of a page that its handler made: the cursor of the next; null after the last.</summary>
    public Func<object, string?>? Next { get; init; }

    /// <summary>Name of the parameter with the cursor.</summary>
    public string Cursor { get; init; } = "after";

    /// <summary>The answer has an ETag, and the thing behind it may be written on the condition that it is still the same.</summary>
    public bool Tagged { get; init; }

    /// <summary>What of the answer counts for its tag: what people edit. Null: all of it, and If-None-Match is answered.</summary>
    public Func<object, object?>? TagBy { get; init; }

    /// <summary>Of a write: the address whose tag If-Match holds; null: it knows no If-Match.</summary>
    public string? Guards { get; init; }

    /// <summary>Anybody may ask: what devices ask before they have a certificate.</summary>
    public bool Open { get; init; }

    public bool IsList => Key is not null || Next is not null;
}

/// <summary>The operations of one feature, in short.</summary>
/// <param name="tag">The feature.</param>
internal sealed class Feature(string tag)
{
    public ApiOperation Get<T>(string path, string id, string summary) => new("GET", path, id, tag, summary) { Answer = typeof(T) };

    /// <summary>An answer that is no JSON record.</summary>
    public ApiOperation Get(string path, string id, string summary, string type) => new("GET", path, id, tag, summary) { AnswerType = type };

    /// <param name="key">What a page begins after.</param>
    public ApiOperation List<T>(string path, string id, string summary, Func<T, string> key) => new("GET", path, id, tag, summary) { Answer = typeof(T[]), Key = item => key((T)item) };

    /// <param name="next">Cursor of the next page.</param>
    public ApiOperation Page<T>(string path, string id, string summary, Func<T, string?> next) => new("GET", path, id, tag, summary) { Answer = typeof(T), Next = page => next((T)page) };

    public ApiOperation Post<TBody, T>(string path, string id, string summary) => new("POST", path, id, tag, summary) { Body = typeof(TBody), BodyTypes = [ApiOperation.Json], Answer = typeof(T) };

    /// <summary>Without a body of JSON.</summary>
    public ApiOperation Post<T>(string path, string id, string summary, params string[] bodyTypes) => new("POST", path, id, tag, summary) { BodyTypes = bodyTypes, Answer = typeof(T) };

    public ApiOperation Put<TBody, T>(string path, string id, string summary) => new("PUT", path, id, tag, summary) { Body = typeof(TBody), BodyTypes = [ApiOperation.Json], Answer = typeof(T) };

    public ApiOperation Delete(string path, string id, string summary) => new("DELETE", path, id, tag, summary) { Status = 204 };
}
