using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Programs;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Packages;

/// <summary>The agent's program as a signed file: what is packed comes back, and nothing else is let in.</summary>
public sealed class ProgramPackageTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly TestFolder _folder = new();
    private readonly ECDsa _key = SigningKeys.Create();

    public ProgramPackageTests()
    {
        Directory.CreateDirectory(_folder["program", "sub"]);
        File.WriteAllText(_folder["program", "cvops-agent"], "#!/bin/sh\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder["program", "cvops-agent"], (UnixFileMode)0b111_101_101);
        File.WriteAllText(_folder["program", "cvops-agent.deps.json"], """{"runtimeTarget":{"name":".NETCoreApp,Version=v10.0/linux-x64"}}""");
        File.WriteAllBytes(_folder["program", "sub", "lib.so"], RandomNumberGenerator.GetBytes(300_000));
        File.WriteAllText(_folder["program", "empty"], "");
    }

    private TrustedKeys Trusted => new TrustedKeys().Add(_key);

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_was_packed_comes_back_byte_for_byte_and_may_be_started_if_it_might_be()
    {
        var package = Pack();
        Assert.Equal(("1.2.0", "linux-x64", "cvops-agent"), (package.Manifest.Version, package.Manifest.Runtime, package.Manifest.Entry));
        var verdict = ProgramVerifier.Verify(package.Path, Trusted, Now);
        Assert.Equal((null, SigningKeys.KeyId(_key), package.Digest), (verdict.Reason, verdict.KeyId, verdict.Package?.Digest));
        ProgramTree.Unpack(verdict.Package!, _folder["out"], CancellationToken.None);
        Assert.Null(ProgramTree.Problem(_folder["out"], package.Manifest));
        Assert.Equal(File.ReadAllBytes(_folder["program", "sub", "lib.so"]), File.ReadAllBytes(_folder["out", "sub", "lib.so"]));
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(_folder["out", "cvops-agent"]));
        Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(_folder["out", "empty"]));
    }

    [Fact]
    public void A_stranger_is_refused_and_so_is_every_single_flipped_bit()
    {
        var package = Pack();
        using var stranger = SigningKeys.Create();
        Assert.Equal(VerifyOutcome.UnknownKey, ProgramVerifier.Verify(package.Path, new TrustedKeys().Add(stranger), Now).Outcome);
        var good = File.ReadAllBytes(package.Path);
        for (var at = 0; at < good.Length; at += Math.Max(1, good.Length / 997))
        {
            var bad = (byte[])good.Clone();
            bad[at] ^= 1;
            File.WriteAllBytes(_folder["bad.cvagent"], bad);
            Assert.Null(ProgramVerifier.Verify(_folder["bad.cvagent"], Trusted, Now).Package);
        }
        File.WriteAllBytes(_folder["bad.cvagent"], good[..^100]);
        Assert.Null(ProgramVerifier.Verify(_folder["bad.cvagent"], Trusted, Now).Package);
    }

    [Fact]
    public void A_model_is_no_program_and_a_program_no_model()
    {
        var package = Pack();
        Assert.Throws<PackageException>(() => PackageReader.Open(package.Path));
        File.WriteAllText(_folder["text.cvagent"], "a shopping list");
        Assert.Contains("no program package", ProgramVerifier.Verify(_folder["text.cvagent"], Trusted, Now).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a/../../b")]
    [InlineData("a\\b")]
    [InlineData("")]
    [InlineData("a b")]
    public void A_manifest_with_a_path_that_might_lead_out_is_not_sound(string path)
    {
        Assert.False(ProgramRule.IsPath(path));
        Assert.NotNull(ProgramRule.Problem(Listing((path, "x"), ("z", "x"))));
    }

    [Fact]
    public void Manifests_that_do_not_add_up_are_not_sound()
    {
        var good = Listing(("cvops-agent", "x"), ("lib", "y"));
        Assert.Null(ProgramRule.Problem(good));
        Assert.Contains("format 2", ProgramRule.Problem(good with { Format = 2 }), StringComparison.Ordinal);
        Assert.Contains("no version", ProgramRule.Problem(good with { Version = "../1" }), StringComparison.Ordinal);
        Assert.Contains("names no machine", ProgramRule.Problem(good with { Runtime = "toaster" }), StringComparison.Ordinal);
        Assert.Contains("not among its files", ProgramRule.Problem(good with { Entry = "other" }), StringComparison.Ordinal);
        Assert.Contains("not executable", ProgramRule.Problem(good with { Entry = "lib" }), StringComparison.Ordinal);
        Assert.Contains("stands twice", ProgramRule.Problem(Listing(("cvops-agent", "x"), ("cvops-agent", "x"))), StringComparison.Ordinal);
        Assert.Contains("a file itself", ProgramRule.Problem(Listing(("cvops-agent", "x"), ("lib", "y"), ("lib/a", "z"))), StringComparison.Ordinal);
        Assert.Contains("bytes a program may have", ProgramRule.Problem(good with { Files = [.. good.Files.Select(file => file with { Bytes = Limits.ProgramBytes })] }), StringComparison.Ordinal);
    }

    /// <summary>Each is soundly signed by a key that is trusted: what a signer's stolen machine might make.</summary>
    [Theory]
    [InlineData("out", "does not list")]
    [InlineData("link", "does not list")]
    [InlineData("more", "bytes, and its manifest lists")]
    [InlineData("other", "is not what its manifest lists")]
    [InlineData("less", "lacks lib")]
    [InlineData("noise", "damaged")]
    public void An_archive_that_is_not_what_its_manifest_lists_writes_nothing_else(string what, string reason)
    {
        var path = Forged(what);
        var package = ProgramVerifier.Verify(path, Trusted, Now).Package;
        Assert.NotNull(package);
        Assert.Contains(reason, Assert.Throws<PackageException>(() => ProgramTree.Unpack(package, _folder["slot", "files"], CancellationToken.None)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["slot", "evil"]));
        Assert.False(File.Exists(_folder["evil"]));
    }

    [Fact]
    public void A_slot_in_which_something_was_changed_added_or_taken_away_is_known_for_it()
    {
        var package = Pack();
        ProgramTree.Unpack(package, _folder["out"], CancellationToken.None);
        File.WriteAllText(_folder["out", "planted.so"], "x");
        Assert.Contains("planted.so does not belong", ProgramTree.Problem(_folder["out"], package.Manifest), StringComparison.Ordinal);
        File.Delete(_folder["out", "planted.so"]);
        var bytes = File.ReadAllBytes(_folder["out", "sub", "lib.so"]);
        bytes[1000] ^= 1;
        File.WriteAllBytes(_folder["out", "sub", "lib.so"], bytes);
        Assert.Contains("altered or damaged", ProgramTree.Problem(_folder["out"], package.Manifest), StringComparison.Ordinal);
        File.Delete(_folder["out", "sub", "lib.so"]);
        Assert.Contains("is missing", ProgramTree.Problem(_folder["out"], package.Manifest), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_an_agent_or_a_machine_is_not_packed()
    {
        Directory.CreateDirectory(_folder["other"]);
        File.WriteAllText(_folder["other", "readme"], "x");
        Assert.Contains("holds no agent", Assert.Throws<PackageException>(() => ProgramPacker.Pack(_folder["other"], "1.0", "linux-x64", _key, _folder["x.cvagent"])).Message, StringComparison.Ordinal);
        File.Delete(_folder["program", "cvops-agent.deps.json"]);
        Assert.Contains("--runtime", Assert.Throws<PackageException>(() => ProgramPacker.Pack(_folder["program"], "1.0", null, _key, _folder["x.cvagent"])).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["x.cvagent"]));
    }

    private ProgramPackage Pack() => ProgramPacker.Pack(_folder["program"], "1.2.0", null, _key, _folder["a.cvagent"]);

    private static ProgramManifest Listing(params (string Path, string Content)[] files) => new()
    {
        Version = "1.0", Runtime = "linux-x64", Entry = "cvops-agent",
        Files = [.. files.Select(file => new ProgramFile(file.Path, file.Content.Length, Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(file.Content))), file.Path == "cvops-agent"))],
    };

    private string Forged(string what)
    {
        using var archive = new MemoryStream();
        using (var zipped = new GZipStream(archive, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(zipped, TarEntryFormat.Ustar))
        {
            void Add(string name, string content) => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.ASCII.GetBytes(content)) });
            if (what == "out") Add("../evil", "x");
            if (what == "link") tar.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, "cvops-agent") { LinkName = "/bin/sh" });
            if (what != "link") Add("cvops-agent", what == "more" ? "xx" : what == "other" ? "z" : "x");
        }
        var bytes = what == "noise" ? RandomNumberGenerator.GetBytes(500) : archive.ToArray();
        var manifest = what == "less" ? Listing(("cvops-agent", "x"), ("lib", "y")) : Listing(("cvops-agent", "x"));
        var document = JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJson.Default.ProgramManifest);
        var bundle = SignatureBundle.Create(SignedStatement.Create(ProgramNames.Subject(manifest), [(ProgramNames.Manifest, Sha(document)), (ProgramNames.Archive, Sha(bytes))]), _key);
        using var file = File.Create(_folder["forged.cvagent"]);
        var directory = new List<(string, uint, uint, uint)>();
        foreach (var (name, content) in ((string, byte[])[])[(ProgramNames.Manifest, document), (ProgramNames.Archive, bytes), (PackageNames.Signature(bundle.KeyId), bundle.ToJson())])
        {
            directory.Add((name, Crc32.Of(content), (uint)content.Length, (uint)file.Position));
            file.Write(StoredZip.LocalHeader(name, Crc32.Of(content), (uint)content.Length));
            file.Write(content);
        }
        file.Write(StoredZip.Directory(directory, (uint)file.Position));
        return file.Name;
    }

    private static string Sha(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
