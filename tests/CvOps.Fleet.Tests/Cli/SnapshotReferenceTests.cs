using CvOps.Cli;
using CvOps.Cli.Commands;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tests.Cli;

public sealed class SnapshotReferenceTests
{
    private static readonly DatasetView[] Newest = [View("steel", 'c'), View("tiles", 'b'), View("steel", 'a')];

    [Fact]
    public void Of_several_with_one_name_the_newest_is_meant() => Assert.Equal(Newest[0].Digest, SnapshotReference.Find(Newest, "steel"));

    [Fact]
    public void The_beginning_of_a_digest_is_enough() => Assert.Equal(Newest[2].Digest, SnapshotReference.Find(Newest, "aaaaaaaa"));

    [Theory]
    [InlineData("aaaaaaa")]
    [InlineData("steel-2")]
    [InlineData("")]
    public void A_name_that_none_has_and_too_few_digits_are_refused_with_what_would_do(string text) =>
        Assert.Contains("at least 8 digits", Assert.Throws<CliException>(() => SnapshotReference.Find(Newest, text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Digits_that_two_digests_begin_with_name_neither()
    {
        DatasetView[] twins = [View("first", 'a'), View("second", 'a') with { Digest = new string('a', 63) + "b" }];
        Assert.Contains("Several", Assert.Throws<CliException>(() => SnapshotReference.Find(twins, "aaaaaaaa")).Message, StringComparison.Ordinal);
    }

    private static DatasetView View(string name, char digit) => new(new string(digit, 64), name, 0, 0, new Dictionary<string, int>(), default, "operator");
}
