using CvOps.Fleet.Storage.Backup;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Storage;

/// <summary>How <c>--postgres</c> may name a database.</summary>
public sealed class PostgresConnectionTests
{
    [Theory]
    [InlineData("user=cvops dbname=cvops", false)]
    [InlineData("host=db user=cvops passfile=/etc/cvops/pgpass", false)]
    [InlineData("postgresql://cvops@db:5432/cvops?sslmode=verify-full", false)]
    [InlineData("postgresql:///cvops?host=/run/postgresql&user=cvops", false)]
    [InlineData("user=cvops password=secret", true)]
    [InlineData("password = 'a secret' user=cvops", true)]
    [InlineData("host=db sslpassword=secret", true)]
    [InlineData("postgresql://cvops:secret@db/cvops", true)]
    [InlineData("postgres://db/cvops?user=cvops&password=secret", true)]
    public void A_password_among_the_words_is_known(string database, bool holds) => Assert.Equal(holds, PostgresTools.HoldsPassword(database));

    [Fact]
    public async Task A_password_among_the_words_is_refused_and_not_said_again()
    {
        using var folder = new TestFolder();
        using var said = new StringWriter();

        Assert.Equal(78, await BackupCommand.RunAsync(["backup", "--data", folder.Path, "--postgres", "user=cvops password=secret"], folder.Path, said, said));

        Assert.Contains("PGPASSFILE", said.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said.ToString(), StringComparison.Ordinal);
    }
}
