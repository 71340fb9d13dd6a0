using CvOps.Fleet.Access;

namespace CvOps.Fleet.Tests.Access;

/// <summary>On lines that mosquitto 2.0.11 wrote.</summary>
public sealed class BrokerLogRuleTests
{
    [Theory]
    [InlineData("2026-11-21T18:43:04: OpenSSL Error[0]: error:0A0000C7:SSL routines::peer did not return a certificate", "10.0.0.9", "peer did not return a certificate")]
    [InlineData("1795286584: OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed", "10.0.0.9", "certificate verify failed")]
    [InlineData("1795286584: Client connection from 10.0.0.7 failed: error:0A00010B:SSL routines::wrong version number.", "10.0.0.7", "wrong version number")]
    [InlineData("1795286584: Client <unknown> disconnected due to protocol error.", "10.0.0.9", "protocol error")]
    [InlineData("1795286584: Client press-1 disconnected due to oversize packet.", "press-1", "oversize packet")]
    [InlineData("1795286584: Client press-1 disconnected, not authorised.", "press-1", "not authorised")]
    [InlineData("1795286584: Denied PUBLISH from press-2 (d0, q1, r0, m1, 'cvops/v1/p/press-1/command/ping', ... (1 bytes))", "press-2", "may not publish on cvops/v1/p/press-1/command/ping")]
    public void A_refusal_is_found_with_who_it_was(string line, string who, string what)
    {
        var rule = new BrokerLogRule();
        Assert.Null(rule.Read("1795286584: New connection from 10.0.0.9:34720 on port 18883."));
        Assert.Equal(new BrokerRefusal(who, what), rule.Read(line));
    }

    [Fact]
    public void A_line_that_takes_too_long_to_look_through_is_no_refusal() =>
        Assert.Null(new BrokerLogRule().Read($"1795286584: Client connection from 10.0.0.7 failed: {new string('a', 200_000)}"));

    [Theory]
    [InlineData("1795286584: New client connected from 127.0.0.1:38536 as press-1 (p5, c1, k60, u'press-1').")]
    [InlineData("1795286584: Client press-1 disconnected.")]
    [InlineData("1795286584: Client press-1 already connected, closing old connection.")]
    [InlineData("1795286584: mosquitto version 2.0.11 running")]
    [InlineData("1795286584: Client <unknown> disconnected: Protocol error.")]
    [InlineData("")]
    public void What_happens_every_day_is_no_refusal(string line) => Assert.Null(new BrokerLogRule().Read(line));
}
