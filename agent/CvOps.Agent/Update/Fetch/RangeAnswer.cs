using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

namespace CvOps.Agent.Update.Fetch;

/// <summary>
/// The body of an answer to a request for a part of a file. Servers do as they like: whoever asked looks at <see cref="Start"/> to know what they got.
/// </summary>
internal sealed class RangeAnswer : IAsyncDisposable
{
    private readonly HttpResponseMessage _answer;
    private readonly Stream _body;
    private readonly TimeSpan _stall;
    private readonly CancellationTokenSource _patience;

    private RangeAnswer(HttpResponseMessage answer, Stream body, long start, TimeSpan stall, CancellationTokenSource patience)
    {
        (_answer, _body, Start, _stall, _patience) = (answer, body, start, stall, patience);
        Validator = answer.Headers.ETag is { IsWeak: false } tag ? tag : null;
        Total = answer.StatusCode == HttpStatusCode.PartialContent ? answer.Content.Headers.ContentRange?.Length : body is DeflateStream or GZipStream or BrotliStream or ZLibStream ? null : answer.Content.Headers.ContentLength;
    }

    /// <summary>Offset in the file of the body's first byte: the one asked for, or 0 when the server sends the whole file.</summary>
    public long Start { get; }

    /// <summary>Size of the server's file, where it says.</summary>
    public long? Total { get; }

    /// <summary>Names this content of the server's; null when it gives no strong name.</summary>
    public EntityTagHeaderValue? Validator { get; }

    /// <param name="to">The last byte wanted; null for all that follow.</param>
    /// <param name="validator">The part is only wanted of this content; of another, the whole.</param>
    /// <param name="stall">Longest time without a byte.</param>
    /// <exception cref="LinkOverException">401, 403 or 410.</exception>
    /// <exception cref="UpdateRefusedException">404: asking again will not help.</exception>
    /// <exception cref="IOException">Another answer than one can work with. So for <see cref="HttpRequestException"/>.</exception>
    /// <exception cref="OperationCanceledException">Nothing came for that long, or cancelled.</exception>
    public static async Task<RangeAnswer> OpenAsync(HttpClient http, Uri address, long from, long? to, EntityTagHeaderValue? validator, TimeSpan stall, CancellationToken cancellation)
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        HttpResponseMessage? answer = null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
            if (from > 0 || to is not null) request.Headers.Range = new RangeHeaderValue(from, to);
            if (from > 0 && validator is not null) request.Headers.IfRange = new RangeConditionHeaderValue(validator);
            patience.CancelAfter(stall);
            answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            Refuse(answer);
            var start = StartOf(answer, from);
            return new RangeAnswer(answer, Decoded(answer, await answer.Content.ReadAsStreamAsync(patience.Token)), start, stall, patience);
        }
        catch
        {
            answer?.Dispose();
            patience.Dispose();
            throw;
        }
    }

    /// <returns>Bytes read; 0 at the end.</returns>
    /// <exception cref="OperationCanceledException">Nothing came for the stall time, or cancelled.</exception>
    /// <exception cref="IOException">The connection broke, or the encoding is damaged.</exception>
    public async Task<int> ReadAsync(Memory<byte> buffer)
    {
        _patience.CancelAfter(_stall);
        try
        {
            return await _body.ReadAsync(buffer, _patience.Token);
        }
        catch (InvalidDataException e)
        {
            throw new IOException($"the server's compressed answer is damaged ({e.Message.TrimEnd('.')})", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _body.DisposeAsync();
        _answer.Dispose();
        _patience.Dispose();
    }

    private static void Refuse(HttpResponseMessage answer)
    {
        var said = $"The server answered {(int)answer.StatusCode} {answer.ReasonPhrase} to the request for the package.";
        switch (answer.StatusCode)
        {
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.Gone: throw new LinkOverException(said);
            case HttpStatusCode.NotFound: throw new UpdateRefusedException(said);
            case HttpStatusCode.RequestedRangeNotSatisfiable: throw new RangeBeyondEndException();
            case HttpStatusCode.OK or HttpStatusCode.PartialContent: return;
            default: throw new HttpRequestException($"the server answered {(int)answer.StatusCode} {answer.ReasonPhrase}");
        }
    }

    private static long StartOf(HttpResponseMessage answer, long from)
    {
        if (answer.StatusCode == HttpStatusCode.OK) return 0;
        if (answer.Content.Headers.ContentRange?.From != from) throw new IOException($"the server sent the range '{answer.Content.Headers.ContentRange}' where bytes from {from} on were asked for");
        return answer.Content.Headers.ContentEncoding.All(IsPlain) ? from : throw new IOException($"the server sent a part of a file encoded as {string.Join(", ", answer.Content.Headers.ContentEncoding)}");
    }

    /// <summary>A proxy may compress although it was asked not to; of a whole file that can be undone.</summary>
    private static Stream Decoded(HttpResponseMessage answer, Stream body)
    {
        foreach (var encoding in answer.Content.Headers.ContentEncoding.Reverse().Where(encoding => !IsPlain(encoding)))
        {
            body = encoding.ToLowerInvariant() switch
            {
                "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress),
                "deflate" => new ZLibStream(body, CompressionMode.Decompress),
                "br" => new BrotliStream(body, CompressionMode.Decompress),
                _ => throw new IOException($"the server encodes its answer as '{encoding}', which this agent does not read"),
            };
        }
        return body;
    }

    private static bool IsPlain(string encoding) => encoding.Equals("identity", StringComparison.OrdinalIgnoreCase);
}

/// <summary>416: what the server has ends before the byte that was asked for.</summary>
internal sealed class RangeBeyondEndException() : IOException("the server's file is shorter than what is here of it already");
