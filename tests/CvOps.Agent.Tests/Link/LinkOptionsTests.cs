using System.ComponentModel.DataAnnotations;
using CvOps.Agent.Link;

namespace CvOps.Agent.Tests.Link;

public sealed class LinkOptionsTests
{
    [Theory]
    [InlineData("mqtts://broker.example:8883", true)]
    [InlineData("mqtt://10.0.0.1", true)]
    [InlineData("https://broker.example", false)]
    [InlineData("broker.example:8883", false)]
    [InlineData("mqtts://broker.example/path", false)]
    public void An_address_is_a_brokers_or_it_is_not(string address, bool expected) => Assert.Equal(expected, LinkOptions.Parse(address) is not null);

    [Fact]
    public void Every_mistake_is_reported()
    {
        var options = new LinkOptions { Brokers = ["mqtts://a:1", "nonsense"], Ca = "/nowhere/ca.pem", KeepAlive = TimeSpan.Zero };
        var mistakes = new List<ValidationResult>();
        Assert.False(Validator.TryValidateObject(options, new ValidationContext(options), mistakes, validateAllProperties: true));
        mistakes.AddRange(options.Validate(new ValidationContext(options)));
        Assert.Equal([nameof(LinkOptions.Brokers), nameof(LinkOptions.Ca), nameof(LinkOptions.Certificate), nameof(LinkOptions.KeepAlive), nameof(LinkOptions.Key)],
            mistakes.SelectMany(mistake => mistake.MemberNames).Distinct().Order(StringComparer.Ordinal));
    }
}
