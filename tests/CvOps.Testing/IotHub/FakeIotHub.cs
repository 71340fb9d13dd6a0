using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using CvOps.Contracts.Identity;

namespace CvOps.Testing.IotHub;

/// <summary>
/// A hub for tests, as Azure documents it: MQTT 3.1.1 over TLS on port 8883 with shared access signatures or client certificates, twins,
/// direct methods, telemetry, and file uploads over HTTPS. It listens on an address of the loopback of its own, since the ports are constants of
/// the device SDKs. Microsoft's device SDK for Node vouches for it.
/// </summary>
public sealed class FakeIotHub : IAsyncDisposable
{
    private const int Port = 8883;

    private readonly TestFolder _folder = new();
    private readonly CertificateAuthority _authority;
    private readonly X509Certificate2 _certificate;
    private readonly IPAddress _address;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, HubDevice> _devices = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, HubProvisioning> _enrolments = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<HubSession, byte> _sessions = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<(int Status, byte[] Payload)>> _calls = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<HubMessage> _messages = new();
    private readonly ConcurrentQueue<HubFile> _files = new();
    private readonly HubRefusals _refusals = new();
    private TcpListener? _listener;
    private HubFileServer? _fileServer;
    private long _calledOften;
    private int _connects;

    private FakeIotHub(IPAddress address, TcpListener listener)
    {
        (_address, _listener) = (address, listener);
        _authority = CertificateAuthority.Create(_folder.Path);
        _certificate = _authority.IssueServer([HostName]).ToX509();
    }

    /// <summary>An address of the loopback.</summary>
    public string HostName => _address.ToString();

    /// <summary>The authority that vouches for it.</summary>
    public string AuthorityFile => _authority.CertificatePath;

    /// <summary>What arrived, in its order, repetitions included.</summary>
    public IReadOnlyCollection<HubMessage> Messages => _messages;

    /// <summary>Uploads that were completed.</summary>
    public IReadOnlyCollection<HubFile> Files => _files;

    /// <summary>Connections that were let in.</summary>
    public int Connects => Volatile.Read(ref _connects);

    /// <summary>How long each acknowledgement is held back: what a hub calls traffic shaping.</summary>
    public TimeSpan AckDelay { get; set; }

    /// <summary>Messages of one connection after which the hub hangs up, as it does over an exhausted quota; null: never.</summary>
    public int? DropAfter { get; set; }

    /// <summary>Whether a storage account is configured.</summary>
    public bool HasStorage { get; set; } = true;

    /// <summary>Skips the test when no address is to be had.</summary>
    /// <param name="files">Serve uploads too, on port 443; skips where only root may listen there.</param>
    public static async Task<FakeIotHub> StartAsync(bool files = false, CancellationToken cancellationToken = default)
    {
        var hub = Open();
        hub.Listen();
        if (!files) return hub;
        try
        {
            hub._fileServer = await HubFileServer.StartAsync(hub, hub._address, hub._certificate, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await hub.DisposeAsync();
            Skip.Because($"Port 443 of the loopback can't be listened on ({e.Message}); a hub's port for file uploads is a constant.");
        }
        return hub;
    }

    /// <summary>Registers a device with a symmetric key.</summary>
    /// <returns>Its connection string.</returns>
    public string AddDevice(string device)
    {
        var key = RandomNumberGenerator.GetBytes(32);
        _devices[device] = new HubDevice(device, key, null);
        return $"HostName={HostName};DeviceId={device};SharedAccessKey={Convert.ToBase64String(key)}";
    }

    /// <summary>Registers a device with a certificate, by its thumbprint.</summary>
    public void AddDevice(string device, X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        _devices[device] = new HubDevice(device, null, certificate.GetCertHashString());
    }

    /// <summary>Enrols a registered device with the provisioning service, which answers on the same address and sends the device to this hub.</summary>
    public void Enrol(string device, string idScope) => _enrolments[device] = new HubProvisioning(idScope, HostName, _devices[device]);

    public bool IsConnected(string device) => _devices[device].Session is not null;

    /// <summary>The desired properties with their version.</summary>
    public JsonObject Desired(string device) => _devices[device].Twin.Desired;

    public JsonObject Reported(string device) => _devices[device].Twin.Reported;

    /// <summary>Changes desired properties, and tells the device when it is there.</summary>
    /// <returns>The new version.</returns>
    public async Task<long> DesireAsync(string device, JsonObject patch)
    {
        var entry = _devices[device];
        var (version, change) = entry.Twin.Want(patch);
        const string Topic = "$iothub/twin/PATCH/properties/desired/";
        if (entry.Session is { } session && session.Hears(Topic)) await session.SendAsync(MqttPackets.PublishOf($"{Topic}?$version={version}", change));
        return version;
    }

    /// <summary>Calls a direct method.</summary>
    /// <returns>The device's status and answer; 404 when it is away or hears no methods, 504 when it does not answer.</returns>
    public async Task<(int Status, string Payload)> InvokeAsync(string device, string method, string payload, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        if (_devices[device].Session is not { } session || !session.Hears("$iothub/methods/POST/")) return (404, "");
        var request = Interlocked.Increment(ref _calledOften).ToString("x", System.Globalization.CultureInfo.InvariantCulture);
        var answer = _calls[request] = new TaskCompletionSource<(int, byte[])>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await session.SendAsync(MqttPackets.PublishOf($"$iothub/methods/POST/{method}/?$rid={request}", System.Text.Encoding.UTF8.GetBytes(payload)));
            var (status, body) = await answer.Task.WaitAsync(timeout, cancellationToken);
            return (status, System.Text.Encoding.UTF8.GetString(body));
        }
        catch (TimeoutException)
        {
            return (504, "");
        }
        finally
        {
            _calls.TryRemove(request, out _);
        }
    }

    /// <summary>The next connects are refused: unavailable.</summary>
    public void RefuseConnects(int count) => _refusals.Set(HubRefusal.Connect, count);

    /// <summary>The next twin requests are answered with 429.</summary>
    public void ThrottleTwins(int count) => _refusals.Set(HubRefusal.Twin, count);

    /// <summary>The next requests for an upload are answered with 429.</summary>
    public void ThrottleFiles(int count) => _refusals.Set(HubRefusal.Upload, count);

    /// <summary>The next messages are taken, and the connection breaks before the acknowledgement.</summary>
    public void LoseAcks(int count) => _refusals.Set(HubRefusal.Acknowledgement, count);

    /// <summary>Every connection breaks.</summary>
    public void BreakConnections()
    {
        foreach (var session in _sessions.Keys) session.Dispose();
    }

    /// <summary>Nothing listens any more, and every connection breaks.</summary>
    public void GoAway()
    {
        _listener?.Stop();
        _listener = null;
        BreakConnections();
    }

    public void ComeBack()
    {
        _listener = new TcpListener(_address, Port);
        Listen();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        GoAway();
        if (_fileServer is not null) await _fileServer.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
        _folder.Dispose();
        _stopping.Dispose();
    }

    internal HubDevice? Find(string device) => _devices.GetValueOrDefault(device);

    internal HubProvisioning? FindEnrolment(string user, string registration) =>
        _enrolments.TryGetValue(registration, out var found) && user.StartsWith($"{found.Scope}/registrations/{registration}/api-version=", StringComparison.Ordinal) ? found : null;

    internal void Took(HubMessage message) => _messages.Enqueue(message);

    internal void Took(HubFile file) => _files.Enqueue(file);

    internal bool Refuses(HubRefusal refusal) => _refusals.Take(refusal);

    internal void Answered(string request, int status, byte[] payload)
    {
        if (_calls.TryGetValue(request, out var call)) call.TrySetResult((status, payload));
    }

    internal void Arrived(HubDevice device, HubSession session)
    {
        Interlocked.Increment(ref _connects);
        var before = device.Session;
        device.Session = session;
        before?.Dispose();
    }

    internal void Left(HubDevice device, HubSession session)
    {
        _sessions.TryRemove(session, out _);
        if (device.Session == session) device.Session = null;
    }

    /// <summary>Whose a certificate is, is judged at CONNECT, by its thumbprint.</summary>
    private static bool AnyClient(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is null || certificate.GetRawCertData().Length > 0;

    private static FakeIotHub Open()
    {
        for (var attempt = 0; attempt < 50; attempt++)
        {
            var address = new IPAddress([127, (byte)RandomNumberGenerator.GetInt32(1, 255), (byte)RandomNumberGenerator.GetInt32(255), (byte)RandomNumberGenerator.GetInt32(1, 255)]);
            var listener = new TcpListener(address, Port);
            try
            {
                listener.Start();
                return new FakeIotHub(address, listener);
            }
            catch (SocketException)
            {
                listener.Dispose();
            }
        }
        Skip.Because($"No address of 127.0.0.0/8 has port {Port} free.");
        return null;
    }

    private void Listen()
    {
        var listener = _listener!;
        listener.Start();
        _ = AcceptAsync(listener);
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptTcpClientAsync(_stopping.Token));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Away, or stopping.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        await using (var stream = new SslStream(client.GetStream(), false, AnyClient))
        {
            try
            {
                await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate, ClientCertificateRequired = true }, _stopping.Token);
            }
            catch (Exception e) when (e is System.Security.Authentication.AuthenticationException or IOException or OperationCanceledException)
            {
                return;
            }
            using var session = new HubSession(this, stream);
            _sessions[session] = 0;
            if (_listener is not null) await session.RunAsync(_stopping.Token);
            _sessions.TryRemove(session, out _);
        }
    }
}
