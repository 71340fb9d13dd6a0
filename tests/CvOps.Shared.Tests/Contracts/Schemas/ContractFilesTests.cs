using CvOps.Contracts;
using CvOps.Contracts.Schemas;

namespace CvOps.Shared.Tests.Contracts.Schemas;

public sealed class ContractFilesTests
{
    [Fact]
    public void Committed_schemas_and_the_AsyncAPI_document_are_those_of_the_code()
    {
        var made = ContractFiles.Make();
        var stale = made.Where(file => !File.Exists(Path.Combine(ContractFiles.Folder, file.Key)) || File.ReadAllText(Path.Combine(ContractFiles.Folder, file.Key)) != file.Value).Select(file => file.Key);
        var left = Directory.GetFiles(ContractFiles.Folder, "*.json").Select(Path.GetFileName).Except(made.Keys);
        Assert.True(!stale.Any() && !left.Any(), $"Not what the code says: {string.Join(", ", stale.Concat(left))}. Run make contracts and look at the difference.");
    }

    [Fact]
    public void A_program_carries_the_same_files()
    {
        Assert.Equal(File.ReadAllText(Path.Combine(ContractFiles.Folder, "asyncapi.json")), ContractDocuments.AsyncApi);
        Assert.All(TopicCatalog.All, rule => Assert.Equal(File.ReadAllText(Path.Combine(ContractFiles.Folder, rule.Message.Name + ".schema.json")), ContractDocuments.Schema(rule.Message.Name)));
        Assert.Equal(ContractDocuments.Schema("InspectionReport"), ContractDocuments.Schema("inspection"));
        Assert.Equal(ContractDocuments.Schema("TwinDesired"), ContractDocuments.Schema("twin/desired"));
        Assert.Null(ContractDocuments.Schema("nothing"));
    }

    [Fact]
    public void Every_message_says_what_it_is_and_has_an_example()
    {
        Assert.All(TopicCatalog.All, rule => Assert.NotEmpty(ContractFiles.Golden(rule.Message)));
        Assert.All(TopicCatalog.All, rule => Assert.NotNull(XmlDocs.Of(rule.Message)));
    }

    /// <summary>For make contracts, after a change of a message.</summary>
    [Fact(Explicit = true)]
    public void Writes_what_the_code_says()
    {
        var made = ContractFiles.Make();
        foreach (var file in Directory.GetFiles(ContractFiles.Folder, "*.json")) File.Delete(file);
        foreach (var (name, text) in made) File.WriteAllText(Path.Combine(ContractFiles.Folder, name), text);
    }
}
