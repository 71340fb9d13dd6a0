using System.Security.Cryptography;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

/// <summary>What an operator sees of a package's trust: each answer a sentence and an exit code of its own.</summary>
public sealed class ModelVerifyTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Model { get; } = Path.GetFullPath(Path.Combine(
        Path.GetDirectoryName(Cvops.Program)!, "..", "..", "CvOps.Simulator", Path.GetFileName(Path.GetDirectoryName(Cvops.Program)!), "model"));

    private string Trusted => _folder["trusted"];

    [Fact]
    public async Task Keys_are_made_trusted_rotated_and_revoked_and_every_verdict_has_its_sentence_and_code()
    {
        await Run(0, "model", "key", "old", "--out", _folder["keys"]);
        await Run(0, "model", "key", "new", "--out", _folder["keys"], "--valid-for", "365d");
        var (old, next) = (SigningKeys.PublicKeyId(_folder["keys/old.pem"]), SigningKeys.PublicKeyId(_folder["keys/new.pem"]));
        var package = _folder["line.cvmodel"];
        await Run(0, "model", "pack", "--manifest", Path.Combine(Model, "manifest.json"), "--onnx", Path.Combine(Model, "line-v1.onnx"), "--key", _folder["keys/old.key"], "--out", package);
        Directory.CreateDirectory(Trusted);
        Assert.Contains($"is signed by unknown key {old}; no key is trusted here", await Verify(11, package), StringComparison.Ordinal);

        Assert.Contains($"{old} is trusted, version 1", await Run(0, "model", "trust", "add", _folder["keys/old.pem"], "--trusted-keys", Trusted, "--name", "line signer"), StringComparison.Ordinal);
        Assert.Contains($"good: signed by {old} (line signer), 2 golden vectors", await Verify(0, package), StringComparison.Ordinal);

        var flipped = File.ReadAllBytes(package);
        flipped[flipped.Length / 2] ^= 1;
        File.WriteAllBytes(_folder["flipped.cvmodel"], flipped);
        Assert.Contains("was altered or damaged: model.onnx does not fit its checksum", await Verify(10, _folder["flipped.cvmodel"]), StringComparison.Ordinal);

        await Run(0, "model", "trust", "add", _folder["keys/old.pem"], "--trusted-keys", Trusted, "--until", "2026-11-02");
        Assert.Contains("which expired on 2026-11-02 00:00Z", await Verify(12, package), StringComparison.Ordinal);

        var before = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(package)));
        Assert.Contains($"the digest was {before}", await Run(0, "model", "sign", package, "--key", _folder["keys/new.key"]), StringComparison.Ordinal);
        await Run(0, "model", "trust", "add", _folder["keys/new.pem"], "--trusted-keys", Trusted);
        Assert.Contains($"good: signed by {next} (new)", await Verify(0, package), StringComparison.Ordinal);

        await Run(0, "model", "trust", "revoke", next, "--trusted-keys", Trusted, "--reason", "laptop stolen");
        await Run(0, "model", "sign", package, "--key", _folder["keys/new.key"], "--only");
        Assert.Contains("which was revoked: laptop stolen", await Verify(13, package), StringComparison.Ordinal);
        Assert.Contains("revoked: laptop stolen", await Run(0, "model", "inspect", package, "--trusted-keys", Trusted), StringComparison.Ordinal);
        Assert.Contains("stays so", await Run(78, "model", "trust", "add", _folder["keys/new.pem"], "--trusted-keys", Trusted), StringComparison.Ordinal);
        Assert.Equal(4, TrustedKeys.Load(Trusted).Version);
    }

    public void Dispose() => _folder.Dispose();

    private Task<string> Verify(int code, string package) => Run(code, "model", "verify", package, "--trusted-keys", Trusted);

    private static async Task<string> Run(int code, params string[] arguments)
    {
        await using var process = TestProcess.Start(Cvops.Program, arguments);
        var found = await process.WaitForExitAsync(Patience, Cancel);
        Assert.True(code == found, $"cvops {string.Join(' ', arguments)} ended with {found}, not {code}: {process.Output}");
        return process.Output;
    }
}
