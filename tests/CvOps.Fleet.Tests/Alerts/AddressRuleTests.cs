using System.Net;
using CvOps.Fleet.Alerts.Channels;

namespace CvOps.Fleet.Tests.Alerts;

public sealed class AddressRuleTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.9.9.9")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fe80::1%2")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("ff02::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::10.0.0.1")]
    [InlineData("64:ff9b::a00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:db8::1")]
    public void What_is_not_the_open_internet_is_refused(string address) => Assert.NotNull(new AddressRule([]).Refusal(IPAddress.Parse(address)));

    [Theory]
    [InlineData("93.184.215.14")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("2606:2800:21f:cb07:6820:80da:af6b:8b2c")]
    [InlineData("64:ff9b::5db8:d70e")]
    public void The_open_internet_is_allowed(string address) => Assert.Null(new AddressRule([]).Refusal(IPAddress.Parse(address)));

    [Fact]
    public void The_operator_allows_a_network_and_nothing_beside_it()
    {
        var rule = new AddressRule([IPNetwork.Parse("10.1.0.0/16")]);
        Assert.Null(rule.Refusal(IPAddress.Parse("10.1.2.3")));
        Assert.Null(rule.Refusal(IPAddress.Parse("::ffff:10.1.2.3")));
        Assert.NotNull(rule.Refusal(IPAddress.Parse("10.2.2.3")));
        Assert.NotNull(rule.Refusal(IPAddress.Parse("127.0.0.1")));
    }

    [Theory]
    [InlineData("ftp://hooks.example/", "no address")]
    [InlineData("file:///etc/passwd", "no address")]
    [InlineData("//hooks.example/", "no address")]
    [InlineData("https://user:pass@hooks.example/", "name or password")]
    [InlineData("https://hooks.example/#x", "fragment")]
    [InlineData("http://hooks.example:22/", "Port 22")]
    [InlineData("http://hooks.example:25/", "Port 25")]
    [InlineData("http://hooks.example:6667/", "Port 6667")]
    [InlineData(null, "no address")]
    public void An_address_that_no_webhook_has_is_refused_at_once(string? url, string why) => Assert.Contains(why, AddressRule.Refusal(url), StringComparison.Ordinal);

    [Theory]
    [InlineData("https://hooks.example/path?key=1")]
    [InlineData("http://hooks.example:8080/")]
    public void An_address_of_a_webhook_is_taken(string url) => Assert.Null(AddressRule.Refusal(url));
}
