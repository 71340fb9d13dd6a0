using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;
using CvOps.Vision.Packaging.Drafts;

namespace CvOps.Shared.Tests.Packages.Fuzz;

/// <summary>The parsers beside the container: trust folders, ONNX headers, exporters' metadata. Each refuses in its own words or reads; none throws anything else.</summary>
public sealed class ParserFuzzTests : IDisposable
{
    private const int Cases = 2000;

    private static readonly DateTimeOffset Now = new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TestFolder _folder = new();
    private readonly ECDsa _key = SigningKeys.Create();

    [Fact]
    public void A_spoilt_trust_document_lets_no_key_count_or_is_read()
    {
        SigningKeys.SavePublic(_key, _folder["signer.pem"]);
        var id = SigningKeys.KeyId(_key);
        var sound = JsonSerializer.SerializeToUtf8Bytes(new TrustDocument
        {
            Version = 3, Issued = Now, Keys = new Dictionary<string, KeyTerms> { [id] = new("signer", Now.AddDays(-1), Now.AddDays(1)) },
            Revoked = new Dictionary<string, KeyRevocation> { ["0123456789abcdef"] = new(Now, "lost") },
        }, ContractsJson.Default.TrustDocument);
        var json = new JsonMutator(new Random(1));
        var read = 0;
        for (var i = 0; i < Cases; i++)
        {
            File.WriteAllBytes(_folder[TrustedKeys.DocumentName], json.Next(sound));
            try
            {
                var keys = TrustedKeys.Load(_folder.Path);
                _ = (keys.Standing(id, Now), keys.Standing("0123456789abcdef", DateTimeOffset.MinValue), keys.Standing(id, DateTimeOffset.MaxValue), keys.NameOf(id));
                read++;
            }
            catch (PackageException e)
            {
                Assert.Contains("so no key is believed", e.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(read, 1, Cases - 1);
    }

    [Fact]
    public void A_spoilt_key_file_is_refused_or_another_key()
    {
        var random = new Random(2);
        SigningKeys.SaveCertificate(_key, "signer", Now.AddDays(-1), Now.AddDays(1), _folder["certificate.pem"]);
        SigningKeys.SavePublic(_key, _folder["public.pem"]);
        var sound = new[] { File.ReadAllBytes(_folder["certificate.pem"]), File.ReadAllBytes(_folder["public.pem"]) };
        var trusted = Directory.CreateDirectory(_folder["trusted"]).FullName;
        for (var i = 0; i < Cases / 2; i++)
        {
            var bytes = (byte[])sound[i % 2].Clone();
            for (var flips = random.Next(1, 5); flips > 0; flips--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(Path.Combine(trusted, "x.pem"), random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
            try
            {
                Assert.Single(TrustedKeys.Load(trusted).KeyIds);
            }
            catch (PackageException e)
            {
                Assert.Contains("holds no P-256 public key", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_spoilt_onnx_header_is_read_or_refused_as_no_protobuf()
    {
        var random = new Random(3);
        var sound = new TinyOnnx().Input("x", 1, 3, 4, 4).Node("Identity", ["x"], "y").Output("y", 1, 3, 4, 4).Metadata("names", "{0: 'a'}").Build();
        var read = 0;
        for (var i = 0; i < 5 * Cases; i++)
        {
            var bytes = (byte[])sound.Clone();
            for (var flips = random.Next(1, 5); flips > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                _ = OnnxHeader.Read(random.Next(4) == 0 ? bytes.AsSpan(0, random.Next(bytes.Length)) : bytes);
                read++;
            }
            catch (ModelException e)
            {
                Assert.Contains("no ONNX protobuf", e.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(read, 1, 5 * Cases - 1);
    }

    [Fact]
    public void Spoilt_metadata_is_read_or_left_out()
    {
        var random = new Random(4);
        var sound = new Dictionary<string, string> { ["names"] = "{0: 'good', 1: \"driver's\", 2: 'x\\'y'}", ["imgsz"] = "[640, 480]", ["kpt_shape"] = "[17, 3]", ["stride"] = "32" };
        for (var i = 0; i < 5 * Cases; i++)
        {
            var spoilt = sound.ToDictionary(pair => pair.Key, pair =>
            {
                var text = new StringBuilder(pair.Value);
                for (var edits = random.Next(4); edits > 0; edits--) text.Insert(random.Next(text.Length + 1), "{}[]():,'\"\\0 9a"[random.Next(15)]);
                return random.Next(5) == 0 ? text.ToString(0, random.Next(text.Length)) : text.ToString();
            });
            _ = ExporterMetadata.Read(spoilt);
        }
    }

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }
}
