using CvOps.Contracts.Identity;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Identity;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class SecretFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0600", true)]
    [InlineData("0400", true)]
    [InlineData("0640", false)]
    [InlineData("0604", false)]
    [InlineData("0620", false)]
    [InlineData("0777", false)]
    public void A_key_is_its_owners_alone_or_its_problem_says_what_to_do(string mode, bool sound)
    {
        var path = _folder["device.key"];
        using (var key = SigningKeys.Create()) SigningKeys.Save(key, path);
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
        var link = _folder["link.key"];
        File.CreateSymbolicLink(link, path);
        if (sound)
        {
            Assert.Null(SecretFile.Problem(path));
            Assert.Null(SecretFile.Problem(link));
            SigningKeys.Load(link).Dispose();
            return;
        }
        Assert.Contains($"(mode {mode})", SecretFile.Problem(path), StringComparison.Ordinal);
        Assert.EndsWith($"chmod 600 '{path}'", SecretFile.Problem(link), StringComparison.Ordinal);
        Assert.Contains("chmod 600", Assert.Throws<PackageException>(() => SigningKeys.Load(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0600", false, true)]
    [InlineData("0440", true, true)]
    [InlineData("0640", true, true)]
    [InlineData("0440", false, false)]
    [InlineData("0660", true, false)]
    [InlineData("0444", true, false)]
    public void A_group_may_read_what_root_hands_to_a_program_that_is_not_root(string mode, bool fromRoot, bool sound) =>
        Assert.Equal(sound, SecretFile.IsSafe((UnixFileMode)Convert.ToInt32(mode, 8), () => fromRoot));

    [Fact]
    public void A_file_that_is_not_there_is_somebody_elses_problem() => Assert.Null(SecretFile.Problem(_folder["none.key"]));
}
