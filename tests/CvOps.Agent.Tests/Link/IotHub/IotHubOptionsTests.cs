using CvOps.Agent.Configuration;
using CvOps.Agent.Link.IotHub;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Link.IotHub;

public sealed class IotHubOptionsTests : IDisposable
{
    private const string Key = "AAECAwQFBgcICQoLDA0ODw==";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("HostName=h.azure-devices.net;DeviceId=press-1;SharedAccessKey=" + Key)]
    [InlineData("SharedAccessKey=" + Key + ";DeviceId=press-1;hostname=h.azure-devices.net;")]
    public void A_devices_connection_string_is_read(string text)
    {
        var (value, problems) = IotHubConnectionString.Parse(text);
        Assert.Empty(problems);
        Assert.Equal(("h.azure-devices.net", "press-1", Key), (value!.Host, value.Device, value.Key));
        Assert.DoesNotContain(Key, value.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense", "has no HostName", "has no DeviceId", "has no SharedAccessKey")]
    [InlineData("HostName=h ost;DeviceId=a;SharedAccessKey=abc", "has a HostName that is none", "is not base64")]
    [InlineData("HostName=h;SharedAccessKeyName=iothubowner;SharedAccessKey=" + Key, "would let this device speak for every other")]
    [InlineData("HostName=h;DeviceId=a;x509=true", "is for a certificate")]
    [InlineData("HostName=h;DeviceId=a;GatewayHostName=g;SharedAccessKey=" + Key, "goes through a gateway")]
    public void Everything_wrong_with_a_connection_string_is_said(string text, params string[] expected)
    {
        var (value, problems) = IotHubConnectionString.Parse(text);
        Assert.Null(value);
        Assert.Equal(expected.Length, problems.Count);
        Assert.All(expected.Zip(problems), it => Assert.Contains(it.First, it.Second, StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains(Key, StringComparison.Ordinal));
    }

    [Fact]
    public void A_hub_with_a_connection_string_is_a_whole_configuration()
    {
        var options = ConfigurationFile.Parse(Configuration($"  iothub: {{ connection-string: '{Secret("press-1")}' }}"));
        Assert.Equal((0, TimeSpan.FromHours(1)), (options.Link.Brokers.Count, options.Link.Iothub!.TokenLifetime));
    }

    [Fact]
    public void A_link_needs_brokers_or_a_hub_and_not_both()
    {
        Assert.Contains("link.brokers: it is missing; add this key, or iothub", Mistakes("  window: 1"), StringComparison.Ordinal);
        Assert.Contains("name brokers or iothub, not both", Mistakes($"  brokers: ['mqtt://b']\n  iothub: {{ connection-string: '{Secret("press-1")}' }}"), StringComparison.Ordinal);
        Assert.Contains("write connection-string, host", Mistakes("  iothub: {}"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hub_by_name_needs_certificate_and_key()
    {
        var mistakes = Mistakes("  iothub: { host: 'h.azure-devices.net' }\n  key: '/nowhere/device.key'");
        Assert.Contains("link.certificate: a hub to which no key leads needs it", mistakes, StringComparison.Ordinal);
        Assert.Contains("link.key: the file '/nowhere/device.key' does not exist", mistakes, StringComparison.Ordinal);
    }

    [Fact]
    public void The_provisioning_service_takes_a_key_or_the_certificate()
    {
        var key = _folder["dps.key"];
        CvOps.Contracts.Identity.PemFile.WriteKey(key, Key + "\n");
        var options = ConfigurationFile.Parse(Configuration($"  iothub: {{ id-scope: 0ne1, symmetric-key: '{key}' }}"));
        Assert.Equal(("0ne1", "global.azure-devices-provisioning.net"), (options.Link.Iothub!.IdScope, options.Link.Iothub.ProvisioningHost));
        Assert.Contains("a hub to which no key leads", Mistakes("  iothub: { id-scope: 0ne1 }"), StringComparison.Ordinal);
        Assert.Contains("write one of them", Mistakes("  iothub: { id-scope: 0ne1, host: h.azure-devices.net }"), StringComparison.Ordinal);
        File.WriteAllText(key, "no key");
        Assert.Contains("holds no key in base64", Mistakes($"  iothub: {{ id-scope: 0ne1, symmetric-key: '{key}' }}"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_connection_string_of_another_device_is_a_mistake() =>
        Assert.Contains("is for the device 'press-2', and this device is 'press-1'", Mistakes($"  iothub: {{ connection-string: '{Secret("press-2")}' }}"), StringComparison.Ordinal);

    [Fact, System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void A_connection_string_others_can_read_is_a_mistake()
    {
        var path = Secret("press-1");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("is open to other users", Mistakes($"  iothub: {{ connection-string: '{path}' }}"), StringComparison.Ordinal);
    }

    private string Secret(string device)
    {
        var path = _folder[device + ".connection"];
        CvOps.Contracts.Identity.PemFile.WriteKey(path, $"HostName=h.azure-devices.net;DeviceId={device};SharedAccessKey={Key}\n");
        return path;
    }

    private static string Mistakes(string link) =>
        string.Join('\n', Assert.Throws<ConfigurationException>(() => ConfigurationFile.Parse(Configuration(link))).Mistakes);

    private static string Configuration(string link) => $"""
        site: plant
        device: press-1
        link:
        {link}
        cameras:
          - id: cam-1
            url: /dev/video0
        """;
}
