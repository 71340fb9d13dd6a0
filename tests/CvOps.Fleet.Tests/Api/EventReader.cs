namespace CvOps.Fleet.Tests.Api;

internal sealed record ReadEvent(string? Id, string? Kind, string Data);

/// <summary>Reads server-sent events off the wire.</summary>
internal sealed class EventReader(HttpResponseMessage answer, StreamReader reader) : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static async Task<EventReader> OpenAsync(FleetHost fleet, string? lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "events");
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        var answer = await fleet.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return new EventReader(answer, new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
    }

    /// <summary>The first event from here on whose data holds the text.</summary>
    public async Task<ReadEvent> UntilAsync(string text)
    {
        while (true)
            if (await NextAsync() is var read && read.Data.Contains($"\"{text}\"", StringComparison.Ordinal)) return read;
    }

    public async Task<ReadEvent> NextAsync()
    {
        var (id, kind, data) = ((string?)null, (string?)null, "");
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Deadline, TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Length == 0 && data.Length > 0) return new ReadEvent(id, kind, data);
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal)) kind = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
        }
        throw new InvalidOperationException("The stream ended.");
    }

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        answer.Dispose();
        return ValueTask.CompletedTask;
    }
}
