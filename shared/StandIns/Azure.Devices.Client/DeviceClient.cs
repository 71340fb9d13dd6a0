using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Azure.Devices.Client.Exceptions;
using Microsoft.Azure.Devices.Client.Transport;
using Microsoft.Azure.Devices.Client.Transport.Mqtt;
using Microsoft.Azure.Devices.Client.Wire;
using Microsoft.Azure.Devices.Shared;
using MQTTnet.Protocol;

namespace Microsoft.Azure.Devices.Client;

/// <summary>
/// A device's connection to its hub. After it was lost or closed this one is done with: the caller disposes it and makes another,
/// which is what <see cref="NoRetry"/> says.
/// </summary>
public class DeviceClient : IDisposable
{
    private const string NoReconnecting = "This stand-in connects once and does not connect again by itself: call SetRetryPolicy(new NoRetry()) first.";

    private readonly IotHubConnectionStringBuilder _identity;
    private readonly HubConnection _connection;
    private readonly HubFiles _files;
    private readonly CancellationTokenSource _ended = new();
    private ConnectionStatusChangesHandler? _statusChanged;
    private (MethodCallback Handler, object? Context)? _methods;
    private (DesiredPropertyUpdateCallback Handler, object? Context)? _patches;
    private bool _retriesNothing;
    private bool _disposed;

    private DeviceClient(IotHubConnectionStringBuilder identity, MqttTransportSettings mqtt, ClientOptions options)
    {
        _identity = identity;
        var token = identity.SharedAccessKey is { } key ? new SasToken(identity.HostName, identity.DeviceId!, key, options.SasTokenTimeToLive, options.SasTokenRenewalBuffer) : null;
        mqtt.ClientCertificate ??= identity.Certificate;
        options.FileUploadTransportSettings.ClientCertificate ??= identity.Certificate;
        _connection = new HubConnection(identity, mqtt, token, Received, () => End(ConnectionStatus.Disconnected, ConnectionStatusChangeReason.Retry_Expired));
        _files = new HubFiles(identity, options.FileUploadTransportSettings, token);
    }

    /// <param name="transportSettings">Exactly one <see cref="MqttTransportSettings"/>.</param>
    /// <exception cref="ArgumentException">The identity is malformed.</exception>
    public static DeviceClient Create(string hostname, IAuthenticationMethod authenticationMethod, ITransportSettings[] transportSettings, ClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(hostname);
        ArgumentNullException.ThrowIfNull(authenticationMethod);
        if (transportSettings is not [MqttTransportSettings mqtt]) throw new NotSupportedException("This stand-in takes one transport, and that is MQTT over TCP.");
        var identity = IotHubConnectionStringBuilder.Create(hostname, authenticationMethod);
        if (authenticationMethod is DeviceAuthenticationWithX509Certificate && identity.Certificate is null)
            throw new ArgumentException("No certificate was found. To use certificate authentication certificate must be present.");
        return new DeviceClient(identity, mqtt, options ?? new ClientOptions());
    }

    public void SetRetryPolicy(IRetryPolicy retryPolicy) => _retriesNothing = retryPolicy is NoRetry ? true : throw new NotSupportedException(NoReconnecting);

    /// <summary>Called from a thread of the connection; must not wait.</summary>
    public void SetConnectionStatusChangesHandler(ConnectionStatusChangesHandler? statusChangesHandler) => _statusChanged = statusChangesHandler;

    /// <exception cref="IotHubException">The hub refused, or could not be reached.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The TLS handshake failed.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_retriesNothing) throw new NotSupportedException(NoReconnecting);
        await _connection.OpenAsync(cancellationToken);
        _statusChanged?.Invoke(ConnectionStatus.Connected, ConnectionStatusChangeReason.Connection_Ok);
    }

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        await _connection.CloseAsync(cancellationToken);
        End(ConnectionStatus.Disabled, ConnectionStatusChangeReason.Client_Close);
    }

    /// <returns>Once the hub has the message.</returns>
    public Task SendEventAsync(Message message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var body = new byte[message.BodyStream.Length - message.BodyStream.Position];
        message.BodyStream.ReadExactly(body);
        return UnlessEndedAsync(token => _connection.PublishAsync(HubTopics.Events(_identity.DeviceId!, message), body, MqttQualityOfServiceLevel.AtLeastOnce, token), cancellationToken);
    }

    /// <summary>For every direct method.</summary>
    public async Task SetMethodDefaultHandlerAsync(MethodCallback? methodHandler, object? userContext, CancellationToken cancellationToken)
    {
        _methods = methodHandler is null ? null : (methodHandler, userContext);
        if (methodHandler is not null) await _connection.SubscribeAsync(HubTopics.Methods + "#", cancellationToken);
    }

    public async Task SetDesiredPropertyUpdateCallbackAsync(DesiredPropertyUpdateCallback? callback, object? userContext, CancellationToken cancellationToken)
    {
        _patches = callback is null ? null : (callback, userContext);
        if (callback is not null) await _connection.SubscribeAsync(HubTopics.TwinPatches + "#", cancellationToken);
    }

    public async Task<Twin> GetTwinAsync(CancellationToken cancellationToken)
    {
        var answer = await _connection.AskTwinAsync(HubTopics.TwinGet, [], cancellationToken);
        var twin = JsonNode.Parse(answer) as JsonObject;
        return new Twin(new TwinProperties { Desired = Part("desired"), Reported = Part("reported") });

        TwinCollection Part(string name)
        {
            var part = twin?[name] as JsonObject ?? [];
            twin?.Remove(name);
            return new TwinCollection(part);
        }
    }

    /// <summary>Changes what the document names and leaves the rest; null removes.</summary>
    public Task UpdateReportedPropertiesAsync(TwinCollection reportedProperties, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reportedProperties);
        return _connection.AskTwinAsync(HubTopics.TwinPatch, Encoding.UTF8.GetBytes(reportedProperties.ToJson()), cancellationToken);
    }

    /// <exception cref="IotHubException">The hub refused, or could not be reached.</exception>
    /// <exception cref="ArgumentException">The request is malformed, or the hub has no storage for files.</exception>
    public Task<FileUploadSasUriResponse> GetFileUploadSasUriAsync(FileUploadSasUriRequest request, CancellationToken cancellationToken = default) =>
        _files.BeginAsync(request, cancellationToken);

    public Task CompleteFileUploadAsync(FileUploadCompletionNotification notification, CancellationToken cancellationToken = default) =>
        _files.CompleteAsync(notification, cancellationToken);

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _ended.Cancel();
        _connection.Dispose();
        _files.Dispose();
        _ended.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task UnlessEndedAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        try
        {
            await work(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IotHubCommunicationException("Transient network error occurred, please retry.", e);
        }
    }

    private void End(ConnectionStatus status, ConnectionStatusChangeReason reason)
    {
        if (!_disposed) _statusChanged?.Invoke(status, reason);
    }

    private void Received(string topic, byte[] body)
    {
        if (topic.StartsWith(HubTopics.Methods, StringComparison.Ordinal) && HubTopics.TryMethod(topic, out var name, out var requestId))
        {
            _ = AnswerAsync(name, requestId, body);
        }
        else if (topic.StartsWith(HubTopics.TwinPatches, StringComparison.Ordinal) && _patches is { } patches && JsonNode.Parse(body) is JsonObject patch)
        {
            _ = Task.Run(() => patches.Handler(new TwinCollection(patch), patches.Context));
        }
    }

    private async Task AnswerAsync(string name, string requestId, byte[] body)
    {
        MethodResponse response;
        try
        {
            if (body.Length > 0) JsonDocument.Parse(body).Dispose();
            response = _methods is { } methods
                ? await Task.Run(() => methods.Handler(new MethodRequest(name, body), methods.Context))
                : new MethodResponse((int)MethodResponseStatusCode.MethodNotImplemented);
        }
        catch (JsonException)
        {
            response = new MethodResponse((int)MethodResponseStatusCode.BadRequest);
        }
        catch (Exception) when (_methods is not null)
        {
            // As the original: what the handler throws is the caller's answer.
            response = new MethodResponse((int)MethodResponseStatusCode.UserCodeException);
        }
        try
        {
            await _connection.PublishAsync(HubTopics.MethodResponse(response.Status, requestId), response.Result ?? [], MqttQualityOfServiceLevel.AtMostOnce, CancellationToken.None);
        }
        catch (Exception e) when (e is IotHubException or InvalidOperationException)
        {
            // Whoever called sees a timeout.
        }
    }
}
