using System.Net;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rates;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Tokens;

namespace CvOps.Fleet.Tests.Access.Rates;

public sealed class LimitRuleTests
{
    private static readonly IPAddress Office = IPAddress.Parse("192.0.2.7");
    private static readonly Needs Reading = new(Audience.Principals, Permission.Read, Names.NoSite);

    [Fact]
    public void An_account_shares_one_bound_with_its_tokens_wherever_they_are()
    {
        var person = new Principal("early", PrincipalKind.Account, "a1", []);
        var token = new Principal("early", PrincipalKind.Token, "a1", []) { Token = "t1" };
        Assert.Equal((LimitKind.Principal, "a1"), LimitRule.Of(Reading, person, Office));
        Assert.Equal(LimitRule.Of(Reading, person, Office), LimitRule.Of(Reading, token, IPAddress.Loopback));
        Assert.NotEqual(LimitRule.Of(Reading, person, Office), LimitRule.Of(Reading, person with { Account = "a2" }, Office));
        // One that no account owns counts alone.
        Assert.Equal((LimitKind.Principal, "cvops_t2"), LimitRule.Of(Reading, new Principal("cvops_t2", PrincipalKind.Token, null, []), Office));
    }

    [Fact]
    public void Devices_and_the_machine_s_own_programs_are_not_counted()
    {
        Assert.Equal(LimitKind.None, LimitRule.Of(Needs.OfDevices, null, Office).Kind);
        Assert.Equal(LimitKind.None, LimitRule.Of(Reading, LocalToken.Principal, Office).Kind);
    }

    [Fact]
    public void Who_tries_to_come_in_counts_by_address_whatever_else_it_shows()
    {
        Assert.Equal((LimitKind.Entry, "192.0.2.7"), LimitRule.Of(Needs.Entry, null, Office));
        Assert.Equal(LimitRule.Of(Needs.Entry, null, Office), LimitRule.Of(Needs.Entry, LocalToken.Principal, Office));
        Assert.Equal((LimitKind.Stranger, "192.0.2.7"), LimitRule.Of(Needs.Open, null, Office));
        Assert.Equal(LimitKind.Stranger, LimitRule.Of(null, null, Office).Kind);
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    public void Addresses_of_one_IPv6_network_share_a_bound(string one, string other, bool same) =>
        Assert.Equal(same, LimitRule.Of(Needs.Open, null, IPAddress.Parse(one)) == LimitRule.Of(Needs.Open, null, IPAddress.Parse(other)));
}
