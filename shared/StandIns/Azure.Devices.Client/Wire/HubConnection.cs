using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Azure.Devices.Client.Exceptions;
using Microsoft.Azure.Devices.Client.Transport.Mqtt;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Microsoft.Azure.Devices.Client.Wire;

/// <summary>One MQTT 3.1.1 connection to a hub, from CONNECT to its end. It is not used again.</summary>
internal sealed class HubConnection : IDisposable
{
    /// <summary>A constant of the original, too.</summary>
    private const int Port = 8883;

    /// <summary>The hub takes 256 KB with the properties, and so no packet of ours is larger.</summary>
    public const int LargestPayload = 0x3FFFF;

    private static readonly TimeSpan TwinTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);

    private readonly IotHubConnectionStringBuilder _identity;
    private readonly MqttTransportSettings _settings;
    private readonly SasToken? _token;
    private readonly Action<string, byte[]> _received;
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<(int Status, byte[] Body)>> _twinRequests = new(StringComparer.Ordinal);

    /// <param name="received">Patches and methods; called in their order.</param>
    /// <param name="lost">Called once when a connection that stood has ended, other than by <see cref="CloseAsync"/>.</param>
    public HubConnection(IotHubConnectionStringBuilder identity, MqttTransportSettings settings, SasToken? token, Action<string, byte[]> received, Action lost)
    {
        (_identity, _settings, _token, _received) = (identity, settings, token, received);
        _client.ApplicationMessageReceivedAsync += ReceivedAsync;
        _client.DisconnectedAsync += ended =>
        {
            foreach (var waiting in _twinRequests.Values) waiting.TrySetException(Transient(ended.Exception));
            if (ended.ClientWasConnected && ended.Reason != MqttClientDisconnectReason.NormalDisconnection) lost();
            return Task.CompletedTask;
        };
    }

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_settings.ConnectArrivalTimeout);
        var result = await GuardAsync(() => _client.ConnectAsync(Options(), limit.Token), cancellationToken);
        if (result.ResultCode != MqttClientConnectResultCode.Success) throw Refusal(result.ResultCode);
        await SubscribeAsync(HubTopics.TwinResponses + "#", cancellationToken);
    }

    public async Task SubscribeAsync(string filter, CancellationToken cancellationToken) =>
        await GuardAsync(() => _client.SubscribeAsync(filter, MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken), cancellationToken);

    /// <returns>Once the hub has it; with QoS 0, once it is written.</returns>
    public async Task PublishAsync(string topic, byte[] body, MqttQualityOfServiceLevel qos, CancellationToken cancellationToken)
    {
        if (body.Length > LargestPayload) throw new InvalidOperationException($"Message size ({body.Length} bytes) is too big to process. Maximum allowed payload size is {LargestPayload}");
        var message = new MqttApplicationMessage { Topic = topic, Payload = new ReadOnlySequence<byte>(body), QualityOfServiceLevel = qos };
        await GuardAsync(() => _client.PublishAsync(message, cancellationToken), cancellationToken);
    }

    /// <returns>The hub's answer.</returns>
    /// <exception cref="IotHubThrottledException">Status 429.</exception>
    /// <exception cref="IotHubException">Another status that is no success.</exception>
    public async Task<byte[]> AskTwinAsync(Func<string, string> topic, byte[] body, CancellationToken cancellationToken)
    {
        var requestId = Guid.NewGuid().ToString();
        var answer = new TaskCompletionSource<(int Status, byte[] Body)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _twinRequests[requestId] = answer;
        try
        {
            await PublishAsync(topic(requestId), body, MqttQualityOfServiceLevel.AtMostOnce, cancellationToken);
            var (status, content) = await answer.Task.WaitAsync(TwinTimeout, cancellationToken);
            return status switch
            {
                < 300 => content,
                429 => throw new IotHubThrottledException($"Request {requestId} was throttled by the server"),
                _ => throw new IotHubException($"Request {requestId} returned status {status}", isTransient: false),
            };
        }
        catch (TimeoutException e)
        {
            throw new IotHubCommunicationException($"Response for message {requestId} not received", e);
        }
        finally
        {
            _twinRequests.TryRemove(requestId, out _);
        }
    }

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(GoodbyeTimeout);
        try
        {
            if (_client.IsConnected) await _client.DisconnectAsync(new MqttClientDisconnectOptions(), limit.Token);
        }
        catch (Exception e) when (e is MqttCommunicationException or OperationCanceledException)
        {
            // It is gone either way.
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>As the original maps them: distrust is an <see cref="AuthenticationException"/>, the network an <see cref="IotHubCommunicationException"/>.</summary>
    private static async Task<T> GuardAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (Chain(e).OfType<AuthenticationException>().Any())
        {
            throw new AuthenticationException("TLS authentication error.", e);
        }
        catch (Exception e) when (e is MqttCommunicationException or MqttProtocolViolationException or ObjectDisposedException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Transient(e);
        }
    }

    private static IEnumerable<Exception> Chain(Exception? e)
    {
        for (; e is not null; e = e.InnerException) yield return e;
    }

    private static IotHubCommunicationException Transient(Exception? cause) => new("Transient network error occurred, please retry.", cause);

    private static IotHubException Refusal(MqttClientConnectResultCode code) => code switch
    {
        MqttClientConnectResultCode.ServerUnavailable => new IotHubCommunicationException("CONNECT failed: RefusedServerUnavailable"),
        MqttClientConnectResultCode.BadUserNameOrPassword => new UnauthorizedException("CONNECT failed: RefusedBadUsernameOrPassword"),
        MqttClientConnectResultCode.NotAuthorized => new UnauthorizedException("CONNECT failed: RefusedNotAuthorized"),
        _ => new IotHubException($"CONNECT failed: {code}"),
    };

    private MqttClientOptions Options()
    {
        var (host, device) = (_identity.HostName, _identity.DeviceId!);
        return new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithTcpServer(host, Port)
            .WithClientId(device)
            .WithCleanSession(_settings.CleanSession)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(_settings.KeepAliveInSeconds))
            .WithCredentials($"{host}/{device}/?{HubTopics.ApiVersion}&DeviceClientType={Uri.EscapeDataString(".NET/CvOps stand-in")}", _token?.Current())
            .WithTlsOptions(tls =>
            {
                tls.WithTargetHost(host).WithRevocationMode(_settings.CertificateRevocationCheck ? X509RevocationMode.Online : X509RevocationMode.NoCheck);
                if (_settings.ClientCertificate is X509Certificate2 own) tls.WithClientCertificates([own]);
                if (_settings.RemoteCertificateValidationCallback is { } decide)
                    tls.WithCertificateValidationHandler(shown => decide(this, shown.Certificate, shown.Chain, shown.SslPolicyErrors));
                else tls.WithCertificateValidationHandler(shown => shown.SslPolicyErrors == SslPolicyErrors.None);
            })
            .Build();
    }

    private Task ReceivedAsync(MqttApplicationMessageReceivedEventArgs received)
    {
        var topic = received.ApplicationMessage.Topic;
        var body = received.ApplicationMessage.Payload.ToArray();
        if (!topic.StartsWith(HubTopics.TwinResponses, StringComparison.Ordinal)) _received(topic, body);
        else if (HubTopics.TryTwinResponse(topic, out var status, out var requestId) && _twinRequests.TryGetValue(requestId, out var waiting)) waiting.TrySetResult((status, body));
        return Task.CompletedTask;
    }
}
