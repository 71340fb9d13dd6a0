using CvOps.Fleet.Tracking;
using CvOps.Fleet.Tracking.Search;

namespace CvOps.Fleet.Tests.Tracking;

public sealed class SearchReaderTests
{
    [Fact]
    public void A_filter_is_read_with_its_kinds_quotes_and_lists()
    {
        var terms = SearchReader.Filter("metrics.`f1 score`>=-1.5e-3 AND params.\"a.b\" != 'it''s' and tags.mlflow.user LIKE \"a%\" and run_id NOT IN ('x', \"y\") and dataset.digest ilike 'AB_'");
        Assert.Equal(
            [
                "Metric|f1 score|AtLeast|-1.5e-3|True", "Param|a.b|NotEqual|it's|False", "Tag|mlflow.user|Like|a%|False", "Attribute|run_id|NotIn|x,y|False", "Dataset|digest|LikeInAnyCase|AB_|False",
            ],
            terms.Select(term => $"{term.Kind}|{term.Key}|{term.Operator}|{string.Join(',', term.Values)}|{term.IsNumber}"));
        Assert.Empty(SearchReader.Filter("  "));
        Assert.Equal(new SearchOrder(SearchedKind.Metric, "f1 score", true), SearchReader.Order("metrics.`f1 score` DESC"));
        Assert.Equal(new SearchOrder(SearchedKind.Attribute, "start_time", false), SearchReader.Order("start_time asc"));
    }

    [Theory]
    [InlineData("metrics.a", "One of = != < <= > >= LIKE ILIKE IN NOT IN was expected; at character 10 of the filter stands the end.")]
    [InlineData("metrics.a > 1 or metrics.b > 1", "'and' or the end was expected; at character 15 of the filter stands 'or metrics.b > 1'.")]
    [InlineData("colours.a = 'x'", "'colours' is none of metrics, params, tags, attributes, datasets; at character 1 of the filter stands 'colours.a = 'x''.")]
    [InlineData("tags.a = 'x", "The quotes that begin here do not end; at character 10 of the filter stands ''x'.")]
    [InlineData("tags. = 'x'", "A key of 1 to 250 characters was expected behind 'tags.'; at character 6 of the filter stands ' = 'x''.")]
    [InlineData("run_id IN 'x'", "'(' was expected before a list; at character 11 of the filter stands ''x''.")]
    [InlineData("a = 1; DROP TABLE run", "'and' or the end was expected; at character 6 of the filter stands '; DROP TABLE run'.")]
    public void A_mistake_is_named_with_its_place(string filter, string says) => Assert.Equal(says, Assert.Throws<TrackingException>(() => SearchReader.Filter(filter)).Message);

    [Fact]
    public void Whatever_is_given_is_a_filter_or_a_refusal()
    {
        var random = new Random(8);
        string[] pieces = ["metrics", "tags", ".", "a", "`", "'", "\"", " ", "=", "!=", "<", ">=", "LIKE", "NOT", "IN", "(", ")", ",", "and", "1", "-", "e9", "é", "\0", ";", "--"];
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                SearchReader.Filter(text);
            }
            catch (TrackingException refusal)
            {
                Assert.NotEmpty(refusal.Message);
            }
        }
    }
}
