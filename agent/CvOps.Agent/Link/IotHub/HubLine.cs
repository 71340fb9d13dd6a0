using System.Text.Json.Nodes;
using CvOps.Contracts;
using Microsoft.Azure.Devices.Client;
using Microsoft.Azure.Devices.Client.Exceptions;
using Microsoft.Azure.Devices.Shared;

namespace CvOps.Agent.Link.IotHub;

/// <summary>One connection to a hub, from its beginning to its end. It is not used again.</summary>
internal sealed class HubLine : IDisposable
{
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private readonly HubAccess _access;
    private readonly HttpClient _http;
    private readonly DeviceClient _client;
    private readonly CancellationTokenSource _lost = new();
    private readonly TaskCompletionSource<ConnectionStatusChangeReason> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HubUpload _upload;
    private readonly Lock _gate = new();
    private bool _closing;
    private int _onTheWay;

    public HubLine(HubAccess access)
    {
        _access = access;
        _http = access.Http();
        _client = access.Client(_http);
        _upload = new HubUpload(_client, _http);
        _client.SetConnectionStatusChangesHandler((status, reason) =>
        {
            if (status is ConnectionStatus.Disconnected or ConnectionStatus.Disabled && _end.TrySetResult(reason)) _ = _lost.CancelAsync();
        });
    }

    public string Host => _access.Host;

    public TimeSpan? RenewAfter => _access.RenewAfter;

    /// <summary>Cancelled when the connection has ended.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Completes when the connection has ended.</summary>
    public Task<ConnectionStatusChangeReason> End => _end.Task;

    /// <summary>What the hub holds of what this agent reported.</summary>
    public JsonObject Reported { get; set; } = [];

    /// <returns>The twin, as of a moment after its changes began to be told.</returns>
    public async Task<Twin> OpenAsync(MethodCallback method, DesiredPropertyUpdateCallback desired, CancellationToken cancellationToken)
    {
        // The client's own waits do not all look at the token.
        await _client.OpenAsync(cancellationToken).WaitAsync(cancellationToken);
        await _client.SetMethodDefaultHandlerAsync(method, null, cancellationToken).WaitAsync(cancellationToken);
        await _client.SetDesiredPropertyUpdateCallbackAsync(desired, null, cancellationToken).WaitAsync(cancellationToken);
        return await _client.GetTwinAsync(cancellationToken).WaitAsync(cancellationToken);
    }

    public Task<Twin> TwinAsync() => _client.GetTwinAsync(Lost).WaitAsync(Lost);

    public Task ReportAsync(JsonObject patch) => _client.UpdateReportedPropertiesAsync(new TwinCollection(patch.ToJsonString()), Lost).WaitAsync(Lost);

    /// <returns>When the hub has it; fails when it has not, or when that can't be known.</returns>
    public async Task SendAsync(ParsedTopic topic, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Lost);
        lock (_gate)
        {
            // What went out behind the last look at what is on its way would arrive, unheard, and be sent again.
            if (_closing) throw new IotHubCommunicationException("the connection is about to be replaced");
            _onTheWay++;
        }
        try
        {
            if (payload.Length > HubMessages.MostBytes)
            {
                await _upload.PutAsync(HubMessages.BlobOf(topic, payload.Span), payload, either.Token);
                return;
            }
            using var message = HubMessages.Of(topic, payload);
            // A connection that ended answers nobody; the client's own end of it may come late.
            await _client.SendEventAsync(message, either.Token).WaitAsync(either.Token);
        }
        finally
        {
            lock (_gate) _onTheWay--;
        }
    }

    /// <summary>Waits for what is on its way, then says goodbye.</summary>
    /// <param name="patience">For what is on its way.</param>
    public async Task CloseAsync(TimeSpan patience, TimeProvider time)
    {
        var since = time.GetTimestamp();
        lock (_gate) _closing = true;
        while (Volatile.Read(ref _onTheWay) > 0 && !Lost.IsCancellationRequested && time.GetElapsedTime(since) < patience) await Task.Delay(Step, time, CancellationToken.None);
        using var limit = new CancellationTokenSource(GoodbyeTimeout);
        try
        {
            await _client.CloseAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception e) when (HubOutcome.IsExpected(e))
        {
            // It is gone either way.
        }
    }

    public void Dispose()
    {
        _lost.Cancel();
        _client.Dispose();
        _http.Dispose();
        _access.Dispose();
        _upload.Dispose();
    }
}
