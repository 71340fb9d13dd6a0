using System.Collections.Concurrent;
using System.Security.Cryptography;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Api;

namespace CvOps.Fleet.Web;

/// <summary>On a page of which everybody with equal rights sees the same: nothing in its content is of one visitor alone.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SharedContentAttribute : Attribute;

/// <summary>
/// The content of pages as open pages fetch it anew: title and main element, without what around it is the visitor's own. It is rendered once between two beats of
/// <see cref="PagePulse"/> for each address and rights, however many look, and who has it already is told so without a byte of it. What changes after it was
/// rendered makes a beat of its own, so nobody keeps what is over.
/// </summary>
internal sealed class SharedContent(PagePulse pulse, TimeProvider time)
{
    /// <summary>Of a request: the tag of what is shown now, or <c>-</c>. Of an answer: the tag of what there is.</summary>
    public const string Header = "X-CvOps-Content";

    private const int MostKept = 64;
    private const int LongestAddress = 400;

    /// <summary>Where nothing changes: times as "3 min ago" go on.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    private static readonly (byte[] Title, byte[] TitleEnd, byte[] Main, byte[] MainEnd) Marks = ("<title>"u8.ToArray(), "</title>"u8.ToArray(), "<main "u8.ToArray(), "</main>"u8.ToArray());

    private readonly ConcurrentDictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <param name="page">Writes the whole page.</param>
    public async Task WriteAsync(HttpContext http, RequestDelegate page)
    {
        var (shown, address) = (http.Request.Headers[Header].ToString(), $"{http.Request.Path}{http.Request.QueryString}");
        if (shown.Length == 0 || address.Length > LongestAddress || Principal.Of(http) is not { } who || !HttpMethods.IsGet(http.Request.Method))
        {
            await page(http);
            return;
        }
        if (_slots.Count >= MostKept) Forget();
        var slot = _slots.GetOrAdd($"{address} {Rights(who)}", _ => new Slot());
        // One renders; whoever comes meanwhile waits for the same. One who leaves while rendering leaves the next to it.
        await slot.Turn.WaitAsync(http.RequestAborted);
        try
        {
            if (slot.Bytes is null || IsOver(slot))
            {
                // Before it is rendered: what changes meanwhile is the next beat's.
                var (beat, at) = (pulse.Beats, time.GetTimestamp());
                if (await RenderAsync(http, page) is not { } content) return;
                (slot.Bytes, slot.Tag, slot.Beat, slot.At) = (content, Convert.ToHexStringLower(SHA256.HashData(content))[..16], beat, at);
            }
        }
        finally
        {
            slot.Turn.Release();
        }
        await AnswerAsync(http, slot.Bytes, slot.Tag, shown);
    }

    private static async Task AnswerAsync(HttpContext http, byte[] bytes, string tag, string shown)
    {
        http.Response.Headers[Header] = tag;
        http.Response.Headers.CacheControl = "no-store";
        if (tag == shown)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }

    /// <returns>Title and main element; null when the page is another one than was asked for, and was written as it is.</returns>
    private static async Task<byte[]?> RenderAsync(HttpContext http, RequestDelegate page)
    {
        var body = http.Response.Body;
        using var whole = new MemoryStream();
        http.Response.Body = whole;
        try
        {
            await page(http);
        }
        finally
        {
            http.Response.Body = body;
        }
        var bytes = whole.GetBuffer().AsMemory(0, (int)whole.Length);
        if (http.Response.StatusCode == StatusCodes.Status200OK && Cut(bytes.Span) is { } content) return content;
        await body.WriteAsync(bytes, http.RequestAborted);
        return null;
    }

    private static byte[]? Cut(ReadOnlySpan<byte> page)
    {
        var (title, main, end) = (page.IndexOf(Marks.Title), page.IndexOf(Marks.Main), page.LastIndexOf(Marks.MainEnd));
        if (main < 0 || end < main) return null;
        var named = title >= 0 && page[title..].IndexOf(Marks.TitleEnd) is >= 0 and var length ? page.Slice(title, length + Marks.TitleEnd.Length) : [];
        return [.. named, .. page[main..(end + Marks.MainEnd.Length)]];
    }

    private bool IsOver(Slot slot) => slot.Beat != pulse.Beats || time.GetElapsedTime(slot.At) > Fresh;

    private void Forget()
    {
        foreach (var (key, slot) in _slots)
            if (slot.Bytes is not null && IsOver(slot)) _slots.TryRemove(KeyValuePair.Create(key, slot));
    }

    private static string Rights(Principal who) => string.Join(',', who.Grants.Select(grant => $"{(int)grant.Permissions}@{grant.Site ?? "*"}").Order(StringComparer.Ordinal));

    private sealed class Slot
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);
        public byte[]? Bytes { get; set; }
        public string Tag { get; set; } = "";
        public long Beat { get; set; }
        public long At { get; set; }
    }
}
