using System.Globalization;
using System.Net.Security;

namespace CvOps.Testing.IotHub;

/// <summary>One device's connection, from CONNECT to its end.</summary>
internal sealed class HubSession(FakeIotHub hub, SslStream stream) : IDisposable
{
    private const int LargestMessage = 256 * 1024;

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly HashSet<string> _filters = new(StringComparer.Ordinal);
    private Timer? _expiry;
    private HubDevice? _device;
    private HubProvisioning? _provisioning;
    private int _taken;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await MqttPackets.ReadAsync(stream, cancellationToken) is not { } hello || hello.First >> 4 != MqttPackets.Connect) return;
            if (!await WelcomeAsync(hello.Body, cancellationToken)) return;
            while (await MqttPackets.ReadAsync(stream, cancellationToken) is { } packet)
            {
                if (!await TakeAsync(packet.First, packet.Body, cancellationToken)) return;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidDataException or IndexOutOfRangeException or ArgumentException)
        {
            // A connection that broke, or a device that does not speak MQTT: a hub hangs up on either.
        }
        finally
        {
            if (_device is not null) hub.Left(_device, this);
            Dispose();
        }
    }

    public bool Hears(string topic)
    {
        lock (_filters) return _filters.Any(filter => topic.StartsWith(filter.TrimEnd('#'), StringComparison.Ordinal));
    }

    public async Task SendAsync(byte[] packet)
    {
        await _writing.WaitAsync();
        try
        {
            await stream.WriteAsync(packet);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It is gone.
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose()
    {
        _expiry?.Dispose();
        stream.Dispose();
    }

    private async Task<bool> WelcomeAsync(byte[] body, CancellationToken cancellationToken)
    {
        if (hub.Refuses(HubRefusal.Connect))
        {
            await SendAsync(MqttPackets.ConnAck(false, 3));
            return false;
        }
        var (device, until, clean) = Identify(body);
        if (device is null)
        {
            await SendAsync(MqttPackets.ConnAck(false, 5));
            return false;
        }
        if (until - DateTimeOffset.UtcNow is var left && left < TimeSpan.FromDays(1)) _expiry = new Timer(_ => Dispose(), null, left, Timeout.InfiniteTimeSpan);
        if (_provisioning is not null)
        {
            await SendAsync(MqttPackets.ConnAck(false, 0));
            return true;
        }
        _device = device;
        var present = device.Known && !clean;
        device.Known = !clean;
        hub.Arrived(device, this);
        await SendAsync(MqttPackets.ConnAck(present, 0));
        return !cancellationToken.IsCancellationRequested;
    }

    private (HubDevice? Device, DateTimeOffset Until, bool Clean) Identify(byte[] body)
    {
        var fields = new MqttPackets.Fields(body);
        var protocol = (fields.Text(), fields.Byte());
        var flags = fields.Byte();
        fields.Number();
        var client = fields.Text();
        if ((flags & 4) != 0)
        {
            fields.Text();
            fields.Text();
        }
        var user = (flags & 0x80) != 0 ? fields.Text() : "";
        var password = (flags & 0x40) != 0 ? fields.Text() : "";
        var shown = stream.RemoteCertificate is { } certificate ? certificate.GetCertHashString() : null;
        if (protocol == ("MQTT", 4) && hub.FindEnrolment(user, client) is { } enrolled && enrolled.Device.AdmitTo($"{enrolled.Scope}/registrations/{client}", password, shown, DateTimeOffset.UtcNow) is { } end)
        {
            _provisioning = enrolled;
            return (enrolled.Device, end, true);
        }
        if (protocol != ("MQTT", 4) || !user.StartsWith($"{hub.HostName}/{client}/?api-version=", StringComparison.Ordinal)) return default;
        return hub.Find(client) is { } device && device.Admit(hub.HostName, password, shown, DateTimeOffset.UtcNow) is { } until ? (device, until, (flags & 2) != 0) : default;
    }

    /// <returns>False to hang up.</returns>
    private async Task<bool> TakeAsync(byte first, byte[] body, CancellationToken cancellationToken)
    {
        switch (first >> 4)
        {
            case MqttPackets.Publish:
                return await PublishedAsync(first, body, cancellationToken);
            case MqttPackets.Subscribe:
                await SendAsync(Subscribed(body));
                return true;
            case MqttPackets.Unsubscribe:
                await SendAsync(MqttPackets.UnsubAck(new MqttPackets.Fields(body).Number()));
                return true;
            case MqttPackets.PingReq:
                await SendAsync(MqttPackets.PingResp());
                return true;
            case MqttPackets.PubAck:
                return true;
            default:
                return false;
        }
    }

    private byte[] Subscribed(byte[] body)
    {
        var fields = new MqttPackets.Fields(body);
        var id = fields.Number();
        var granted = new List<byte>();
        while (!fields.Rest.IsEmpty)
        {
            var filter = fields.Text();
            var qos = fields.Byte();
            lock (_filters) _filters.Add(filter);
            granted.Add(Math.Min(qos, (byte)1));
        }
        return MqttPackets.SubAck(id, granted);
    }

    private async Task<bool> PublishedAsync(byte first, byte[] body, CancellationToken cancellationToken)
    {
        var (topic, id, payload) = Parts(first, body);
        if (_provisioning is not null)
        {
            if (id is { } asked) await SendAsync(MqttPackets.PubAckOf(asked));
            if (_provisioning.Answer(topic, Query(topic[(topic.IndexOf('?', StringComparison.Ordinal) + 1)..], "$rid")) is not { } registration) return false;
            await SendAsync(MqttPackets.PublishOf(registration.Topic, registration.Body));
            return true;
        }
        var events = $"devices/{_device!.Id}/messages/events/";
        if (topic.StartsWith(events, StringComparison.Ordinal))
        {
            if (payload.Length + topic.Length - events.Length > LargestMessage) return false;
            _taken++;
            if (hub.DropAfter is { } most && _taken > most) return false;
            hub.Took(new HubMessage(_device.Id, HubMessage.Parse(topic[events.Length..]), payload));
            if (hub.Refuses(HubRefusal.Acknowledgement)) return false;
            if (hub.AckDelay > TimeSpan.Zero) await Task.Delay(hub.AckDelay, cancellationToken);
            if (id is { } acknowledged) await SendAsync(MqttPackets.PubAckOf(acknowledged));
            return true;
        }
        if (topic.StartsWith("$iothub/methods/res/", StringComparison.Ordinal))
        {
            var parts = topic.Split('/');
            hub.Answered(Query(parts[^1], "$rid"), int.Parse(parts[3], CultureInfo.InvariantCulture), payload);
            return true;
        }
        return await TwinAsync(topic, payload);
    }

    private async Task<bool> TwinAsync(string topic, byte[] payload)
    {
        var request = topic.Contains('?', StringComparison.Ordinal) ? Query(topic[topic.IndexOf('?', StringComparison.Ordinal)..], "$rid") : "";
        var get = topic.StartsWith("$iothub/twin/GET/?", StringComparison.Ordinal);
        if (!get && !topic.StartsWith("$iothub/twin/PATCH/properties/reported/?", StringComparison.Ordinal)) return false;
        var (answer, content) = ("", Array.Empty<byte>());
        if (hub.Refuses(HubRefusal.Twin)) (answer, content) = ($"429/?$rid={request}", Problem(429001, "ThrottlingException"));
        else if (get) (answer, content) = ($"200/?$rid={request}", _device!.Twin.Document());
        else
        {
            var (status, version) = _device!.Twin.Report(payload);
            answer = string.Create(CultureInfo.InvariantCulture, $"{status}/?$rid={request}{(status == 204 ? $"&$version={version}" : "")}");
            if (status != 204) content = Problem(status * 1000, "ArgumentInvalid");
        }
        if (Hears("$iothub/twin/res/")) await SendAsync(MqttPackets.PublishOf("$iothub/twin/res/" + answer, content));
        return true;
    }

    /// <summary>What a hub says with a status that is no success; the SDK for Node goes by it alone.</summary>
    private static byte[] Problem(int code, string name) => System.Text.Encoding.UTF8.GetBytes($$"""{"errorCode":{{code}},"trackingId":"0","message":"ErrorCode:{{name}}","timestampUtc":"2026-11-01T00:00:00Z"}""");

    private static (string Topic, ushort? Id, byte[] Payload) Parts(byte first, byte[] body)
    {
        var fields = new MqttPackets.Fields(body);
        var topic = fields.Text();
        var id = (first & 6) != 0 ? fields.Number() : (ushort?)null;
        return (topic, id, fields.Rest.ToArray());
    }

    private static string Query(string query, string name) =>
        query.TrimStart('?').Split('&').Select(it => it.Split('=', 2)).FirstOrDefault(it => it[0] == name)?.ElementAtOrDefault(1) ?? "";
}
